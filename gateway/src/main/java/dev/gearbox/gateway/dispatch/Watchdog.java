package dev.gearbox.gateway.dispatch;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.stream.LineEvent;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Gives up on an engine that says nothing: its events end in a refusal instead of never. Looks
 * every quarter of the idle time instead of setting a timer for every token, so it may be that much
 * late.
 *
 * @param first longest wait for the first event, queue and prefill included
 * @param idle longest wait between two events
 */
public record Watchdog(Duration first, Duration idle) {
  public static final Watchdog DEFAULT =
      new Watchdog(Duration.ofMinutes(10), Duration.ofSeconds(60));

  private static final Refusal SILENT =
      Refusal.of(ErrorCode.ENGINE_FAILED, "the engine stopped answering");

  /** Of one request. The reader's thread writes, the timer's reads. */
  private final class Watch {
    private volatile long last = now();
    private volatile boolean begun;
    private volatile boolean silent;

    void heard() {
      last = now();
      begun = true;
    }

    boolean silent() {
      silent = now() - last > (begun ? idle : first).toMillis();
      return silent;
    }

    Mono<LineEvent> end() {
      return silent ? Mono.just(new LineEvent.Refused(SILENT)) : Mono.empty();
    }

    private static long now() {
      return Schedulers.parallel().now(java.util.concurrent.TimeUnit.MILLISECONDS);
    }
  }

  /** The same events, or fewer and a refusal. */
  public Flux<LineEvent> guard(Flux<LineEvent> events) {
    return Flux.defer(() -> {
      Watch watch = new Watch();
      Mono<Long> silence =
          Flux.interval(idle.dividedBy(4)).onBackpressureDrop().filter(t -> watch.silent()).next();
      return events
          .doOnNext(event -> watch.heard())
          .takeUntilOther(silence)
          .concatWith(Mono.defer(watch::end));
    });
  }
}
