package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.gateway.dispatch.Dispatcher.Indexed;
import dev.gearbox.telemetry.record.TokenCounts;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Gives up on an engine that says nothing: its events end in a failure instead of never.
 *
 * @param first longest wait for the first event, queue and prefill included
 * @param idle longest wait between two events
 */
public record Watchdog(Duration first, Duration idle) {
  public static final Watchdog DEFAULT =
      new Watchdog(Duration.ofMinutes(10), Duration.ofSeconds(60));

  public Flux<Indexed> guard(Flux<Indexed> events) {
    return events.timeout(
        Mono.delay(first), event -> Mono.delay(idle), Flux.defer(() -> Flux.just(silent())));
  }

  private static Indexed silent() {
    return new Indexed(
        0,
        new TokenEvent.Failed(
            FailureCode.ENGINE_FAILED, "the engine stopped answering", TokenCounts.NONE));
  }
}
