package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatencyModelTest {
  private static final long BYTES = 500_000_000L;

  private final LatencyModel model = new LatencyModel(DevicePrior.CPU);

  @Test
  void aBusyEngineTakesLonger() {
    Forecast idle = model.forecast(load(0, 0), List.of(), ask(Targets.NONE, 0));
    Forecast busy = model.forecast(load(6, 4), List.of(), ask(Targets.NONE, 0));

    assertThat(busy.ttftP50()).isGreaterThan(idle.ttftP50());
    assertThat(busy.tpotP50()).isGreaterThan(idle.tpotP50());
  }

  @Test
  void theOtherEnginesOfTheDeviceTakeTheirTurns() {
    EngineLoad other = new EngineLoad("other", BYTES, 2, 0, 0, 400, 8);
    EngineLoad still = new EngineLoad("other", BYTES, 0, 0, 0, 0, 8);

    Forecast alone = model.forecast(load(0, 0), List.of(still), ask(Targets.NONE, 0));
    Forecast shared = model.forecast(load(0, 0), List.of(other), ask(Targets.NONE, 0));

    assertThat(shared.tpotP50()).isGreaterThan(1.8 * alone.tpotP50());
    assertThat(shared.work()).as("work is what it uses itself").isEqualTo(alone.work());
  }

  @Test
  void joiningABatchIsLessWorkThanOpeningOne() {
    Forecast alone = model.forecast(load(0, 0), List.of(), ask(Targets.NONE, 0));
    Forecast joined = model.forecast(load(3, 0), List.of(), ask(Targets.NONE, 0));

    assertThat(joined.work()).isLessThan(alone.work());
  }

  @Test
  void timeSinceArrivalCounts() {
    Forecast late = model.forecast(load(0, 0), List.of(), ask(Targets.NONE, 2));

    assertThat(late.ttft()).isGreaterThan(2);
  }

  @Test
  void chancesAreOneWithoutTargetsAndFallAsTheyTighten() {
    double before = model.forecast(load(0, 0), List.of(), ask(Targets.NONE, 0)).meets();
    assertThat(before).isEqualTo(1);
    for (int ms : new int[] {20_000, 2000, 1000, 500, 200, 1}) {
      double meets = model.forecast(load(0, 0), List.of(), ask(ttft(ms), 0)).meets();
      assertThat(meets).isBetween(0.0, before);
      before = meets;
    }
    assertThat(before).isLessThan(0.001);
  }

  @Test
  void whatIsUnknownIsLessCertain() {
    Forecast forecast = model.forecast(load(0, 0), List.of(), ask(ttft(2500), 0));

    assertThat(forecast.meets()).isGreaterThan(0.8);
    assertThat(forecast.meetsIfUnknown()).isBetween(0.5, forecast.meets());
  }

  @Test
  void aThroughputIsATimePerToken() {
    Targets throughput = new Targets(null, null, null, 1000.0, null, null);

    assertThat(model.forecast(load(0, 0), List.of(), ask(throughput, 0)).meets()).isLessThan(0.01);
  }

  @Test
  void theHighPredictionIsAboveTheMedian() {
    Forecast forecast = model.forecast(load(0, 0), List.of(), ask(Targets.NONE, 0));

    assertThat(forecast.ttftHigh()).isGreaterThan(forecast.ttftP50());
    assertThat(forecast.tpotHigh()).isGreaterThan(forecast.tpotP50());
  }

  @Test
  void lengthsAreARunningMeanByClassAndTenant() {
    LengthModel lengths = new LengthModel();
    for (int i = 0; i < 200; i++) {
      lengths.learn("chat", "acme", 20);
    }

    assertThat(lengths.expect("chat", "acme", 1000)).isBetween(19, 22);
    assertThat(lengths.expect("chat", "new tenant", 1000)).isBetween(19, 22);
    assertThat(lengths.expect("other", "acme", 1000)).isEqualTo(128);
    assertThat(lengths.expect("chat", "acme", 5)).isEqualTo(5);
  }

  private static Targets ttft(int ms) {
    return new Targets(Duration.ofMillis(ms), null, null, null, null, null);
  }

  private static EngineLoad load(int running, int waiting) {
    return new EngineLoad("e", BYTES, running, waiting, waiting * 50, running * 300L, 8);
  }

  private static Ask ask(Targets targets, double elapsed) {
    return new Ask("p", true, Lane.INTERACTIVE, 60, 0, 50, elapsed, 0, targets, 0.95);
  }
}
