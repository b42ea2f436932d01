package dev.gearbox.telemetry.record;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RequestTimelineTest {
  private static final long MS = 1_000_000;

  @Test
  void timePerOutputTokenLeavesOutTheFirst() {
    var timeline = timeline(120 * MS, 320 * MS, new TokenCounts(10, 0, 5));

    assertThat(timeline.ttftSeconds()).isEqualTo(0.020);
    assertThat(timeline.tpotSeconds()).isEqualTo(0.050);
    assertThat(timeline.totalSeconds()).isEqualTo(0.220);
  }

  @Test
  void aRequestWithoutTokensHasNoLatency() {
    var timeline = timeline(0, 320 * MS, new TokenCounts(10, 0, 0));

    assertThat(timeline.ttftSeconds()).isNaN();
    assertThat(timeline.tpotSeconds()).isNaN();
  }

  private static RequestTimeline timeline(long firstToken, long ended, TokenCounts tokens) {
    return new RequestTimeline(
        "r",
        "d",
        "auto",
        "v",
        "p",
        "e",
        "interactive",
        "t",
        true,
        100 * MS,
        101 * MS,
        102 * MS,
        firstToken,
        ended,
        tokens,
        EngineTimings.NONE,
        Outcome.STOP,
        200);
  }
}
