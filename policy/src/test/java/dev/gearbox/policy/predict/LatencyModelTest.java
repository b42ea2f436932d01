package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.record.StepRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LatencyModelTest {
  private static final long BYTES = 500_000_000L;

  private final LatencyModel model = new LatencyModel(DevicePrior.CPU);

  @Test
  void aBusyEngineTakesLonger() {
    Forecast idle = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));
    Forecast busy = forecast(model, load(6, 4), List.of(), ask(Targets.NONE, 0));

    assertThat(busy.ttftP50()).isGreaterThan(idle.ttftP50());
    assertThat(busy.tpotP50()).isGreaterThan(idle.tpotP50());
  }

  @Test
  void whoIsOvertakenWaitsForThoseToCome() {
    for (Lane lane : Lane.values()) {
      double quiet = overtaken(lane, 0).ttft();
      double half = overtaken(lane, 0.5).ttft();

      assertThat(half).isGreaterThan(1.3 * quiet);
      assertThat(overtaken(lane, 7).ttft()).as("a flood").isBetween(1.3 * half, 6 * quiet);
    }
  }

  private Forecast overtaken(Lane lane, double share) {
    Ask ask = new Ask("p", true, lane, 60, 0, 50, 0, 0, Targets.NONE, 0.95, 99, share, 0);
    return forecast(model, load(4, 2), List.of(), ask);
  }

  @Property(tries = 300)
  void moreLoadNeverRaisesTheChance(
      @ForAll @IntRange(min = 0, max = 20) int running,
      @ForAll @IntRange(min = 0, max = 20) int waiting,
      @ForAll @IntRange(min = 0, max = 5) int more,
      @ForAll @IntRange(min = 50, max = 20_000) int ttft,
      @ForAll @IntRange(min = 20, max = 2000) int tpot) {
    LatencyModel fresh = new LatencyModel(DevicePrior.CPU);
    Targets targets =
        new Targets(Duration.ofMillis(ttft), Duration.ofMillis(tpot), null, null, null, null);
    Forecast calm = forecast(fresh, load(running, waiting), List.of(), ask(targets, 0));
    Forecast busy =
        forecast(fresh, load(running + more, waiting + more), List.of(), ask(targets, 0));
    EngineLoad other = new EngineLoad("other", BYTES, more, 0, 0, more * 100L, 8, true);
    Forecast shared = forecast(fresh, load(running, waiting), List.of(other), ask(targets, 0));

    assertThat(busy.meets()).isLessThanOrEqualTo(calm.meets());
    assertThat(shared.meets()).isLessThanOrEqualTo(calm.meets());
    assertThat(calm.meets()).isBetween(0.0, 1.0);
  }

  @Test
  void anOldSignalIsLessCertainUpToTwiceTheErrors() {
    Ask fresh = ask(ttft(2500), 0);
    Ask old =
        new Ask(
            "p",
            true,
            Lane.INTERACTIVE,
            60,
            0,
            50,
            0,
            0.5,
            fresh.targets(),
            fresh.objective(),
            99,
            0,
            0);

    Forecast certain = forecast(model, load(0, 0), List.of(), fresh);
    Forecast less = forecast(model, load(0, 0), List.of(), old);

    assertThat(less.meets()).isLessThan(certain.meets()).isGreaterThan(certain.meetsIfUnknown());
    assertThat(less.widening()).isBetween(1.4, 1.5);
    assertThat(less.ttftHigh()).isGreaterThan(certain.ttftHigh());
    assertThat(less.conservative()).isFalse();
  }

  @Test
  void anEngineThatStartsToTakeThriceAsLongSetsOffTheAlarmAndWidensTheBand() {
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 300; i++) {
      answer(1, random);
    }
    boolean alarm = false;
    for (int i = 0; i < 60; i++) {
      alarm |= answer(3, random);
    }

    Forecast wider = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));
    assertThat(alarm).isTrue();
    assertThat(wider.ttftHigh()).isGreaterThan(3 * wider.ttft());
  }

  @Test
  void isConservativeWhileWhatWasPromisedDoesNotHold() {
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 300; i++) {
      answer(1, random);
    }
    assertThat(model.conservative("p", true, Lane.INTERACTIVE)).isFalse();
    Forecast promised = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));
    for (int i = 0; i < 60; i++) {
      double ttft = 3 * promised.ttft();
      model.learn(
          new Measured(
              "p",
              true,
              Lane.INTERACTIVE,
              0.9,
              promised,
              ttft,
              Double.NaN,
              3 * promised.total(),
              true,
              null),
          0);
    }

    Forecast doubted = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));
    assertThat(doubted.conservative()).isTrue();
    assertThat(doubted.widening()).isEqualTo(1.5);
    for (int i = 0; i < 600; i++) {
      answer(3, random);
    }
    assertThat(model.conservative("p", true, Lane.INTERACTIVE)).isFalse();
  }

  @Test
  void chancesAreHeldAgainstWhatCameOfThem() {
    Targets targets = ttft(2500);
    double before = forecast(model, load(0, 0), List.of(), ask(targets, 0)).meets();
    for (int i = 0; i < 200; i++) {
      Forecast forecast = forecast(model, load(0, 0), List.of(), ask(targets, 0));
      model.learn(measured(forecast, Double.NaN, 5, i % 2 == 0), 0);
    }
    Forecast after = forecast(model, load(0, 0), List.of(), ask(targets, 0));

    assertThat(before).isGreaterThan(0.8);
    assertThat(after.meets()).isBetween(0.35, 0.65);
  }

  @Test
  void whatWasMeasuredOfAnEngineGoesBeforeItsSize() {
    LatencyModel told = new LatencyModel(DevicePrior.CPU);
    told.expect("e", new StepPrior(1, 0, 0, 0.5, 0));
    told.expect("e", BYTES);

    double bySize = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0)).tpot();
    double measured = forecast(told, load(0, 0), List.of(), ask(Targets.NONE, 0)).tpot();

    assertThat(bySize).isLessThan(0.5);
    assertThat(measured).isBetween(1.0, 2.0);
  }

  @Test
  void promptsInSmallChunksTakeMoreTurns() {
    for (int i = 0; i < 100; i++) {
      model.expect("e", BYTES);
      int from = i % 4 * 16;
      model.learn(new StepRecord("e", "d", 2, 600, 16, 16 * (from + 8.0), 0, 120_000_000L, i + 1));
    }
    LatencyModel whole = new LatencyModel(DevicePrior.CPU);
    whole.expect("e", BYTES);
    for (int i = 0; i < 100; i++) {
      whole.learn(new StepRecord("e", "d", 2, 600, 16, 16 * 8.0, 0, 120_000_000L, i + 1));
    }

    double small = forecast(model, load(2, 0), List.of(), ask(Targets.NONE, 0)).ttft();
    double large = forecast(whole, load(2, 0), List.of(), ask(Targets.NONE, 0)).ttft();

    assertThat(small).isGreaterThan(1.25 * large);
  }

  private boolean answer(double slower, SplittableRandom random) {
    Forecast forecast = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));
    double factor = slower * Math.exp(0.1 * random.nextGaussian());
    return model.learn(
        measured(forecast, forecast.ttft() * factor, forecast.total() * factor, null), 0);
  }

  private static Measured measured(
      Forecast forecast, double ttft, double total, @Nullable Boolean met) {
    return new Measured(
        "p", true, Lane.INTERACTIVE, 0.95, forecast, ttft, Double.NaN, total, true, met);
  }

  @Test
  void anotherEngineTakesItsShareOfTheDeviceWhileItHasWork() {
    Forecast alone = shared(new EngineLoad("other", BYTES, 0, 0, 0, 0, 8, true));
    Forecast equal = shared(new EngineLoad("other", BYTES, 8, 40, 0, 1600, 8, true));
    Forecast bulk = shared(new EngineLoad("other", BYTES, 8, 40, 0, 1600, 8, false));

    assertThat(alone.tpotCrowding()).isZero();
    assertThat(Math.exp(equal.tpotCrowding()))
        .as("eight sequences beside one")
        .isCloseTo(9, within(1e-9));
    assertThat(Math.exp(bulk.tpotCrowding()))
        .as("of a fourth of the weight")
        .isCloseTo(3, within(1e-9));
    assertThat(equal.work()).as("work is what it uses itself").isEqualTo(alone.work());
  }

  @Test
  void anotherEngineDelaysByNoMoreThanItHasLeft() {
    Forecast alone = shared(new EngineLoad("other", BYTES, 0, 0, 0, 0, 8, true));
    Forecast prompt = shared(new EngineLoad("other", BYTES, 0, 0, 1, 0, 8, true));
    double before = 1;
    for (int running = 1; running <= 4; running++) {
      Forecast some = shared(new EngineLoad("other", BYTES, running, 0, 0, 200, 8, true));
      assertThat(Math.exp(some.totalCrowding())).isBetween(before, 1.0 + running);
      before = Math.exp(some.totalCrowding());
    }

    assertThat(prompt.tpot()).isCloseTo(alone.tpot(), within(1e-9));
    assertThat(prompt.ttft()).isGreaterThan(alone.ttft());
    Forecast one = shared(new EngineLoad("other", BYTES, 1, 0, 0, 200, 8, true));
    assertThat(Math.exp(one.totalCrowding()))
        .as("half of one answer is left, on the average")
        .isLessThan(1.6);
  }

  private Forecast shared(EngineLoad other) {
    return forecast(model, load(0, 0), List.of(other), ask(Targets.NONE, 0));
  }

  @Test
  void theChanceOnAnIdleDeviceDoesNotFallWithLoad() {
    EngineLoad other = new EngineLoad("other", BYTES, 8, 40, 0, 1600, 8, true);
    Forecast idle = forecast(model, load(0, 0), List.of(), ask(ttft(1500), 0));
    Forecast loaded = forecast(model, load(8, 20), List.of(other), ask(ttft(1500), 0));

    assertThat(idle.meetsIdle()).isBetween(0.5, 0.999).isEqualTo(idle.rawMeets());
    assertThat(loaded.meetsIdle()).isEqualTo(idle.meetsIdle());
    assertThat(loaded.rawMeets()).isLessThan(0.1);
  }

  @Test
  void joiningABatchIsLessWorkThanOpeningOne() {
    Forecast alone = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));
    Forecast joined = forecast(model, load(3, 0), List.of(), ask(Targets.NONE, 0));

    assertThat(joined.work()).isLessThan(alone.work());
  }

  @Test
  void timeSinceArrivalCounts() {
    Forecast late = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 2));

    assertThat(late.ttft()).isGreaterThan(2);
  }

  @Test
  void chancesAreOneWithoutTargetsAndFallAsTheyTighten() {
    double before = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0)).meets();
    assertThat(before).isEqualTo(1);
    for (int ms : new int[] {20_000, 2000, 1000, 500, 200, 1}) {
      double meets = forecast(model, load(0, 0), List.of(), ask(ttft(ms), 0)).meets();
      assertThat(meets).isBetween(0.0, before);
      before = meets;
    }
    assertThat(before).isLessThan(0.001);
  }

  @Test
  void whatIsUnknownIsLessCertain() {
    Forecast forecast = forecast(model, load(0, 0), List.of(), ask(ttft(2500), 0));

    assertThat(forecast.meets()).isGreaterThan(0.8);
    assertThat(forecast.meetsIfUnknown()).isBetween(0.5, forecast.meets());
  }

  @Test
  void aThroughputIsATimePerToken() {
    Targets throughput = new Targets(null, null, null, 1000.0, null, null);

    assertThat(forecast(model, load(0, 0), List.of(), ask(throughput, 0)).meets()).isLessThan(0.01);
  }

  @Test
  void theHighPredictionIsAboveTheMedian() {
    Forecast forecast = forecast(model, load(0, 0), List.of(), ask(Targets.NONE, 0));

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
    return new EngineLoad("e", BYTES, running, waiting, waiting * 50, running * 300L, 8, true);
  }

  private static Ask ask(Targets targets, double elapsed) {
    return new Ask("p", true, Lane.INTERACTIVE, 60, 0, 50, elapsed, 0, targets, 0.95, 99, 0, 0);
  }

  private static Forecast forecast(
      LatencyModel model, EngineLoad self, List<EngineLoad> others, Ask ask) {
    List<EngineLoad> all = new ArrayList<>(List.of(self));
    all.addAll(others);
    return model.forecast(model.device(all, ask.expectedTokens(), 0), 0, ask);
  }
}
