package dev.gearbox.gateway.cli;

import java.io.Console;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a command writes: results on stdout, words for a person on stderr. A progress bar at the
 * bottom of a terminal makes room for every line that comes meanwhile, from logs too.
 */
final class Screen {
  private static final byte[] CLEAR_LINE = "\r\033[K".getBytes(StandardCharsets.US_ASCII);

  private final PrintStream out;
  private final PrintStream err;
  private final ErrorLines lines;
  private final boolean terminal;

  /**
   * A screen on two streams.
   *
   * @param terminal whether a person looks at {@code err}
   */
  Screen(OutputStream out, OutputStream err, boolean terminal) {
    this.out = new PrintStream(out, true, StandardCharsets.UTF_8);
    this.lines = new ErrorLines(err);
    this.err = new PrintStream(lines, true, StandardCharsets.UTF_8);
    this.terminal = terminal;
  }

  /**
   * The screen of this process. The launcher keeps the real stderr as another descriptor, because
   * it filters what the JVM itself has to say.
   */
  static Screen ofProcess() {
    String named = System.getenv("GEARBOX_STDERR");
    OutputStream real = System.err;
    boolean terminal = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    if (named != null) {
      try {
        real = new FileOutputStream(named, true);
        Path target = Path.of(named).toRealPath();
        terminal = target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
        if (Files.isRegularFile(target)) {
          // A file opened by name has an offset of its own: stdout, into the same file, would write
          // over what goes there.
          StandardError.become(Integer.parseInt(Path.of(named).getFileName().toString()));
          real = System.err;
        }
      } catch (IOException e) {
        terminal = false;
      }
    }
    Screen screen = new Screen(System.out, real, terminal && Files.exists(Path.of("/dev/tty")));
    System.setErr(screen.err());
    return screen;
  }

  /** For who wants to write characters. */
  static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  PrintStream out() {
    return out;
  }

  PrintStream err() {
    return err;
  }

  boolean isTerminal() {
    return terminal;
  }

  /** Draws over the line at the bottom. */
  void draw(String text) {
    lines.draw(text);
  }

  /** Removes the line at the bottom. */
  void erase() {
    lines.erase();
  }

  /** Lines that push a drawn one away. */
  private static final class ErrorLines extends OutputStream {
    private final OutputStream to;
    private boolean drawn;

    ErrorLines(OutputStream to) {
      this.to = to;
    }

    @Override
    public synchronized void write(int b) throws IOException {
      erase();
      to.write(b);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
      erase();
      to.write(bytes, offset, length);
    }

    @Override
    public synchronized void flush() throws IOException {
      to.flush();
    }

    synchronized void draw(String text) {
      try {
        to.write(CLEAR_LINE);
        to.write(text.getBytes(StandardCharsets.UTF_8));
        to.flush();
        drawn = true;
      } catch (IOException e) {
        drawn = false; // nobody looks any more
      }
    }

    synchronized void erase() {
      if (drawn) {
        drawn = false;
        try {
          to.write(CLEAR_LINE);
          to.flush();
        } catch (IOException e) {
          // nobody looks any more
        }
      }
    }
  }
}
