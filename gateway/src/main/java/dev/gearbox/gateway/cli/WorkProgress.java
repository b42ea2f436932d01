package dev.gearbox.gateway.cli;

import dev.gearbox.workshop.Progress;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;

/** Long work on this machine, for a person: a bar on a terminal, every tenth in a log. */
final class WorkProgress implements Progress, AutoCloseable {
  private final String what;
  private final Screen screen;
  private @Nullable ProgressBar bar;
  private long tenths = -1;

  WorkProgress(String what, Screen screen) {
    this.what = what;
    this.screen = screen;
  }

  @Override
  public void at(long done, long total) {
    if (screen.isTerminal()) {
      if (bar == null) {
        bar = ScreenBar.named(what, total, screen).build();
      }
      bar.stepTo(done);
    } else if (total > 0 && done * 10 / total > tenths) {
      tenths = done * 10 / total;
      screen.err().println(what + ": " + tenths * 10 + " %");
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
