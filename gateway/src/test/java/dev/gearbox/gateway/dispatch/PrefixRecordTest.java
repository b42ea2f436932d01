package dev.gearbox.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.TokenIds;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixRecordTest {
  private final PrefixRecord record = new PrefixRecord();

  @Test
  void anEngineHoldsTheWholeBlocksOfWhatItWasSent() {
    record.sent("a", "acme", List.of(prompt(200, 0)));
    assertThat(record.held("a", "acme", List.of(prompt(200, 0)))).isEqualTo(192);
    assertThat(record.held("a", "acme", List.of(prompt(1000, 0)))).isEqualTo(192);
    assertThat(record.held("a", "acme", List.of(prompt(100, 0)))).isEqualTo(64);
    assertThat(record.held("b", "acme", List.of(prompt(200, 0)))).isZero();
  }

  @Test
  void whatBeginsOtherwiseIsNotHeldHoweverItGoesOn() {
    record.sent("a", "acme", List.of(prompt(256, 0)));
    assertThat(record.held("a", "acme", List.of(prompt(256, 1)))).isZero();
  }

  @Test
  void tenantsDoNotShare() {
    record.sent("a", "acme", List.of(prompt(256, 0)));
    assertThat(record.held("a", "other", List.of(prompt(256, 0)))).isZero();
  }

  @Test
  void aSaltThatLooksLikeAnothersToAWeakHashIsStillAnother() {
    assertThat("acme/Aa".hashCode()).isEqualTo("acme/BB".hashCode());
    record.sent("a", "acme/Aa", List.of(prompt(256, 0)));
    assertThat(record.held("a", "acme/BB", List.of(prompt(256, 0)))).isZero();
  }

  @Test
  void aLostEngineHoldsNothing() {
    record.sent("a", "acme", List.of(prompt(256, 0)));
    record.lost("a");
    assertThat(record.held("a", "acme", List.of(prompt(256, 0)))).isZero();
  }

  @Test
  void theOldestIsForgottenFirst() {
    for (int i = 0; i < 10_000; i++) {
      record.sent("a", "acme", List.of(prompt(128, i)));
    }
    assertThat(record.held("a", "acme", List.of(prompt(128, 0)))).isZero();
    assertThat(record.held("a", "acme", List.of(prompt(128, 9_999)))).isEqualTo(128);
  }

  /** Prompts of one variety begin alike; the first token tells varieties apart. */
  private static TokenIds prompt(int length, int variety) {
    return TokenIds.of(IntStream.range(0, length).map(i -> i == 0 ? variety : i).toArray());
  }
}
