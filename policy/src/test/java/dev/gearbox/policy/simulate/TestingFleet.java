package dev.gearbox.policy.simulate;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** Three variants of one model, of which the better is the slower, and the classes that ask. */
final class TestingFleet {
  static final ServiceClass INTERACTIVE =
      serviceClass("interactive", targets(1000, 100, 0), 10, Lane.INTERACTIVE);
  static final ServiceClass STANDARD =
      serviceClass("standard", targets(3000, 200, 0), 0, Lane.INTERACTIVE);
  static final ServiceClass BATCH = serviceClass("batch", targets(0, 0, 60_000), -10, Lane.BULK);

  static final Traffic TRAFFIC =
      new Traffic(
          List.of(
              new Traffic.Share(INTERACTIVE, 0.5),
              new Traffic.Share(STANDARD, 0.3),
              new Traffic.Share(BATCH, 0.2)),
          Traffic.Lengths.AS_THEY_ARE);
  static final Traffic.Synthetic LENGTHS = new Traffic.Synthetic(100, 0.5, 24, 0.5);

  private TestingFleet() {}

  static Fleet of(int devices) {
    List<EngineProfile> device =
        List.of(
            engine("small", 0.6, 90_000_000, 2e-3, 1e-3),
            engine("medium", 0.8, 400_000_000, 8e-3, 3e-3),
            engine("large", 1.0, 1_000_000_000, 20e-3, 8e-3));
    return new Fleet("auto", new ArrayList<>(Collections.nCopies(devices, device)));
  }

  private static EngineProfile engine(
      String name, double quality, long bytes, double step, double prefill) {
    VariantFacts variant =
        new VariantFacts(name, Set.of(), quality, 2048, Set.of(Feature.CHAT), bytes, 0);
    StepProfile steps =
        new StepProfile(step, step / 2, step / 20, prefill / 4, 0, 0.1, "made up for tests");
    return new EngineProfile("cpu", variant, steps, 8, 512, 512, 64);
  }

  private static Targets targets(int ttft, int tpot, int deadline) {
    return new Targets(
        ttft == 0 ? null : Duration.ofMillis(ttft),
        tpot == 0 ? null : Duration.ofMillis(tpot),
        deadline == 0 ? null : Duration.ofMillis(deadline),
        null,
        null,
        null);
  }

  private static ServiceClass serviceClass(String name, Targets targets, int priority, Lane lane) {
    return new ServiceClass(
        name, targets, 0.95, Duration.ofDays(30), priority, lane, ServiceClass.Weights.DEFAULT);
  }

  static List<Arrival> arrivals(double rate, double seconds, long seed) {
    return TRAFFIC.synthetic(LENGTHS, rate, 2, seconds, seed);
  }
}
