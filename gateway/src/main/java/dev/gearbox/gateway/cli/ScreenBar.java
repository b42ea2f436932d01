package dev.gearbox.gateway.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar in the line of a terminal that other lines may come between. */
record ScreenBar(Screen screen) implements ProgressBarConsumer {
  private static final int WIDTH = 100;

  /** A bar that begins. */
  static ProgressBarBuilder named(String name, long total, Screen screen) {
    return ProgressBar.builder()
        .setTaskName(name)
        .setInitialMax(total)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(200)
        .setConsumer(new ScreenBar(screen));
  }

  @Override
  public int getMaxRenderedLength() {
    return WIDTH;
  }

  @Override
  public void accept(String rendered) {
    screen.draw(rendered);
  }

  @Override
  public void clear() {
    screen.erase();
  }

  @Override
  public void close() {
    screen.erase();
  }
}
