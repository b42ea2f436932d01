package dev.gearbox.gateway.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The last lines of the log, numbered from 1, as {@code logback.xml} sets it up under the name
 * {@code recent}. Thread-safe.
 */
public final class RecentLines extends AppenderBase<ILoggingEvent> {
  private static final int KEPT = 2000;

  private final ArrayDeque<Line> lines = new ArrayDeque<>();
  private final PatternLayout layout = new PatternLayout();
  private long last;

  /** One line, without its end. */
  public record Line(long number, String text) {}

  /** Those of this process; null where another logging was set up. */
  public static @Nullable RecentLines ofProcess() {
    return LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root
            && root.getAppender("recent") instanceof RecentLines recent
        ? recent
        : null;
  }

  /** How a line is written; called by logback. */
  public void setPattern(String pattern) {
    layout.setPattern(pattern);
  }

  @Override
  public void start() {
    layout.setContext(getContext());
    layout.start();
    super.start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    String text = layout.doLayout(event).stripTrailing();
    synchronized (lines) {
      lines.add(new Line(++last, text));
      if (lines.size() > KEPT) {
        lines.remove();
      }
    }
  }

  /**
   * Lines with a number above {@code after}, oldest first.
   *
   * @param pool what they are about; empty for everything
   */
  public List<Line> after(long after, String pool) {
    List<Line> found = new ArrayList<>();
    synchronized (lines) {
      for (Line line : lines) {
        if (line.number() > after && isAbout(line.text(), pool)) {
          found.add(line);
        }
      }
    }
    return found;
  }

  private static boolean isAbout(String text, String pool) {
    return pool.isEmpty()
        || text.contains("engine=" + pool + "/")
        || (text + " ").contains("pool=" + pool + " ");
  }
}
