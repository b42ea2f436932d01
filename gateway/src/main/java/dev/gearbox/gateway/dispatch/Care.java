package dev.gearbox.gateway.dispatch;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is done for the requests of a class when an engine is slow or dies.
 *
 * @param hedge after this long without a first token, the next best engine is asked too; null never
 * @param rescue who may go on with an answer that has begun
 */
public record Care(@Nullable Duration hedge, Rescue rescue) {
  public static final Care NONE = new Care(null, Rescue.NONE);

  /** Who may go on with an answer that another engine began. */
  public enum Rescue {
    /** Nobody: it ends in an error. */
    NONE,
    /** An engine of the same variant. */
    VARIANT,
    /** An engine of any variant that the decision allows. */
    MODEL
  }
}
