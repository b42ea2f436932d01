package dev.gearbox.gateway.batch;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The lines of a file, one at a time and never more of one than a bound. Not thread-safe. */
final class JsonLines implements Closeable {
  private final InputStream in;
  private final int mostBytes;
  private int number;

  /**
   * One line.
   *
   * @param number from 1
   * @param text UTF-8 without its end; null when it is longer than allowed
   */
  record Line(int number, @Nullable String text) {}

  JsonLines(InputStream file, int mostBytes) {
    this.in = new BufferedInputStream(file, 1 << 16);
    this.mostBytes = mostBytes;
  }

  /** The next line that is not blank; null at the end. */
  @Nullable Line next() throws IOException {
    while (true) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
      int size = 0;
      int each = in.read();
      if (each < 0) {
        return null;
      }
      number++;
      for (; each >= 0 && each != '\n'; each = in.read()) {
        size++;
        if (size <= mostBytes) {
          bytes.write(each);
        }
      }
      if (size > mostBytes) {
        return new Line(number, null);
      }
      String text = bytes.toString(StandardCharsets.UTF_8);
      if (!text.isBlank()) {
        return new Line(number, text);
      }
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
