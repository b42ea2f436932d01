package dev.gearbox.gateway.cli;

import dev.gearbox.workshop.Progress;

/**
 * Long work on this machine, for a person: a line that moves on a terminal, every tenth in a log.
 */
final class WorkProgress implements Progress, AutoCloseable {
  private static final int WIDTH = 30;

  private final String what;
  private final Screen screen;
  private long told = -1;

  WorkProgress(String what, Screen screen) {
    this.what = what;
    this.screen = screen;
  }

  @Override
  public void at(long done, long total) {
    long percent = total == 0 ? 100 : 100 * done / total;
    if (percent == told) {
      return;
    }
    if (screen.isTerminal()) {
      int full = (int) (percent * WIDTH / 100);
      screen.draw(
          "%s [%s%s] %d %%"
              .formatted(what, "=".repeat(full), " ".repeat(Math.max(0, WIDTH - full)), percent));
    } else if (percent / 10 != told / 10 || told < 0) {
      screen.err().println(what + ": " + percent + " %");
    }
    told = percent;
  }

  @Override
  public void close() {
    screen.erase();
  }
}
