package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.policy.predict.StepPrior;
import dev.gearbox.workshop.LatencyLedger;
import dev.gearbox.workshop.LatencyLedger.Step;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuredStepsTest {
  private static final String VARIANT = "smollm2-135m-q4_1";

  @TempDir Path folder;

  @Test
  void whatWasMeasuredOfAVariantIsToldOfItsEngine() throws Exception {
    assertThat(told()).isEmpty();
    record(configuration().gearbox().pools().getFirst().threadsOrCores());
    StepPrior prior = Objects.requireNonNull(told().get("cpu/" + VARIANT));
    assertThat(prior.step() + prior.sequence()).isBetween(0.0099, 0.0101);
    assertThat(prior.prefill()).isBetween(0.0019, 0.0021);
  }

  @Test
  void whatWasMeasuredWithOtherThreadsIsNot() throws Exception {
    record(97);
    assertThat(told()).isEmpty();
  }

  private void record(int threads) throws Exception {
    LatencyLedger.record(
        folder,
        configuration().catalog().choose(VARIANT).sha256(),
        new LatencyLedger.Profile(
            VARIANT,
            threads,
            List.of(
                new Step(1, 0, 0, 0, 0.010),
                new Step(8, 0, 0, 0, 0.024),
                new Step(0, 0, 100, 0, 0.208))));
  }

  private Map<String, StepPrior> told() throws Exception {
    Map<String, StepPrior> told = new HashMap<>();
    new MeasuredSteps(configuration(), folder).tell(told::put);
    return told;
  }

  private static Configuration configuration() throws Exception {
    return ConfigLoader.load(null, Map.of()).only(List.of(VARIANT));
  }
}
