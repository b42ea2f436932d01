package dev.gearbox.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.gateway.stream.LineEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

class WatchdogTest {
  private static final LineEvent TOKEN = new LineEvent.Token(0, new TokenEvent.Token(1, "a", null));

  @Test
  void anEngineThatFallsSilentEndsInARefusalAndIsCancelled() {
    AtomicBoolean cancelled = new AtomicBoolean();
    Watchdog watchdog = new Watchdog(Duration.ofSeconds(60), Duration.ofMillis(200));

    List<LineEvent> events =
        watchdog
            .guard(Flux.just(TOKEN).concatWith(Flux.never()).doOnCancel(() -> cancelled.set(true)))
            .collectList()
            .block(Duration.ofSeconds(30));

    assertThat(events).hasSize(2).first().isEqualTo(TOKEN);
    assertThat(events).last().isInstanceOf(LineEvent.Refused.class);
    assertThat(cancelled).isTrue();
  }

  @Test
  void theFirstEventMayTakeLonger() {
    Watchdog watchdog = new Watchdog(Duration.ofSeconds(60), Duration.ofMillis(40));

    List<LineEvent> events =
        watchdog
            .guard(Flux.just(TOKEN).delaySubscription(Duration.ofMillis(400)))
            .collectList()
            .block(Duration.ofSeconds(30));

    assertThat(events).containsExactly(TOKEN);
  }
}
