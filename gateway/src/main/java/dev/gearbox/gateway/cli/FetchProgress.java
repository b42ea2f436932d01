package dev.gearbox.gateway.cli;

import dev.gearbox.workshop.FetchListener;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;

/** Weights arriving, for a person: a bar on a terminal, every tenth in a log. */
final class FetchProgress implements FetchListener, AutoCloseable {
  private final String name;
  private final Screen screen;
  private @Nullable ProgressBar bar;
  private long tenths = -1;

  FetchProgress(String name, Screen screen) {
    this.name = name;
    this.screen = screen;
  }

  @Override
  public void note(String line) {
    screen.err().println(name + ": " + line);
  }

  @Override
  public void progress(long done, long total) {
    if (screen.isTerminal()) {
      if (bar == null) {
        bar = ScreenBar.named(name, total, screen).setUnit(" MB", 1_000_000).showSpeed().build();
      }
      bar.stepTo(done);
    } else if (total > 0 && done * 10 / total > tenths) {
      tenths = done * 10 / total;
      screen.err().printf("%s: %d %% of %d MB%n", name, tenths * 10, total / 1_000_000);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
