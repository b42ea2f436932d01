package dev.gearbox.workshop;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Copies a stream and tells how far it is. Never writes more than the size that was promised. */
record Copy(FetchListener listener, long size) {
  private static final int CHUNK = 1 << 16;

  /**
   * Copies until the stream ends.
   *
   * @param done bytes that are there already
   * @return bytes that are there afterwards
   */
  long transfer(InputStream in, OutputStream out, long done) throws IOException {
    byte[] buffer = new byte[CHUNK];
    long at = done;
    listener.progress(at, size);
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      if (at + read > size) {
        throw new IOException("gives more than the " + size + " bytes of the catalog");
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new IOException("interrupted");
      }
      out.write(buffer, 0, read);
      at += read;
      listener.progress(at, size);
    }
    return at;
  }
}
