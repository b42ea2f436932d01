package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.choose.Pricing;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.predict.Underway;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.List;
import org.junit.jupiter.api.Test;

class PricesTest {
  private static final long SECOND = 1_000_000_000L;

  private final Underway underway = new Underway(new LatencyModel(DevicePrior.CPU));
  private final Prices prices = new Prices(Pricing.METERED, underway);

  @Test
  void aBusyDeviceWithManyRequestsBecomesDear() {
    run(4, 1.0, 60);

    assertThat(prices.lambda("cpu")).isPositive();
  }

  @Test
  void oneRequestAloneIsNoCongestionHoweverBusy() {
    run(1, 1.0, 600);

    assertThat(prices.lambda("cpu")).isZero();
  }

  @Test
  void aPriceFallsBackToNothingWhenTheOthersLeave() {
    run(4, 1.0, 20);
    run(1, 1.0, 20);

    assertThat(prices.lambda("cpu")).isZero();
  }

  @Test
  void withoutAMeterPromisesThatMayFailMakeItDear() {
    meets = 0.5;
    run(1, 0, 60);
    double dear = prices.lambda("cpu", Pricing.PREDICTED);
    meets = 1;
    run(4, 1, 2000);

    assertThat(dear).isBetween(0.1, 5.0);
    assertThat(prices.lambda("cpu", Pricing.PREDICTED)).isZero();
    assertThat(prices.lambda("cpu")).as("the meter decides").isPositive();
    assertThat(new Prices(Pricing.PREDICTED, underway).lambda("cpu")).isZero();
  }

  private double meets = 1;
  private long now;

  private void run(int requests, double busy, int seconds) {
    prices.advance(signals(requests, busy), now);
    for (int i = 0; i < seconds; i++) {
      prices.spent("cpu", 1, 1, meets, now);
      now += SECOND;
      prices.advance(signals(requests, busy), now);
    }
  }

  private Signals signals(int requests, double busy) {
    var engine =
        new EngineSignal(
            "cpu/v",
            "cpu",
            "v",
            "cpu",
            EngineSignal.State.READY,
            requests,
            0,
            0,
            0,
            8,
            10,
            10,
            now);
    return new Signals(now, List.of(engine), List.of(new DeviceSignal("cpu", busy, now)));
  }
}
