package dev.gearbox.gateway.api;

import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * On what terms a request is to be answered.
 *
 * @param serviceClass its class
 * @param tier {@code service_tier} that the answer names
 * @param targets the request's own over those of its class
 * @param patience how long the client waits for its next bytes; null when it did not say
 * @param cutOff after which nobody wants the answer any more: ends the work, and is no target that
 *     a decision weighs; null when nothing was said
 */
public record Terms(
    ServiceClass serviceClass,
    String tier,
    Targets targets,
    @Nullable Duration patience,
    @Nullable Duration cutOff) {
  /** What ends the work: the deadline, or the cut-off where that comes first. */
  public @Nullable Duration end() {
    Duration deadline = targets.deadline();
    if (deadline == null || cutOff == null) {
      return deadline == null ? cutOff : deadline;
    }
    return deadline.compareTo(cutOff) < 0 ? deadline : cutOff;
  }
}
