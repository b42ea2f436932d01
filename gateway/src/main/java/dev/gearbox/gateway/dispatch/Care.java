package dev.gearbox.gateway.dispatch;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is done for the requests of a class when an engine is slow.
 *
 * @param hedge after this long without a first token, the next best engine is asked too; null never
 */
public record Care(@Nullable Duration hedge) {
  public static final Care NONE = new Care(null);
}
