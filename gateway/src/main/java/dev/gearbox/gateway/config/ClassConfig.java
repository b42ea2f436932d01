package dev.gearbox.gateway.config;

import dev.gearbox.engine.Lane;
import dev.gearbox.gateway.dispatch.Care;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.workshop.settings.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A class as it is written; {@link #toServiceClass} is what the policy sees. */
public record ClassConfig(
    @Setting(value = "Name of the class", pattern = "[A-Za-z0-9][A-Za-z0-9._-]*") String name,
    @Setting("What its requests ask when they ask nothing themselves") TargetsConfig targets,
    @Setting(
            value = "Share of requests that shall meet all their targets",
            byDefault = "0.95",
            min = 0.001,
            max = 0.99999)
        double attainment,
    @Setting(
            value = "Over which the attainment is counted",
            byDefault = "30d",
            min = 60,
            max = 366L * 86400)
        Duration window,
    @Setting(
            value = "Higher goes first; negative may be shed",
            byDefault = "0",
            min = -1000,
            max = 1000)
        int priority,
    @Setting(value = "How its requests are batched", byDefault = "interactive") Lane lane,
    @Setting("How much what matters") WeightsConfig weights,
    @Setting(
            value = "Asks the next best engine too after this long without a first token",
            optional = true,
            min = 1e-3,
            max = 3600)
        @Nullable Duration hedge,
    @Setting(
            value =
                "Who goes on with an answer whose engine dies or would miss its deadline: nobody, another engine of the same variant, or one of any variant of the model",
            byDefault = "none")
        Care.Rescue rescue) {
  /** Targets as they are written. */
  public record TargetsConfig(
      @Setting(value = "Time to first token at most", optional = true, min = 1e-3, max = 31_536_000)
          @Nullable Duration ttft,
      @Setting(
              value = "Time per output token at most",
              optional = true,
              min = 1e-4,
              max = 31_536_000)
          @Nullable Duration tpot,
      @Setting(
              value = "Arrival to last token at most",
              optional = true,
              min = 1e-3,
              max = 31_536_000)
          @Nullable Duration deadline,
      @Setting(value = "Output tokens per second at least", optional = true, min = 1e-3, max = 1e6)
          @Nullable Double throughput,
      @Setting(value = "Quality of the variant at least", optional = true, min = 0, max = 1)
          @Nullable Double quality,
      @Setting(value = "Cost of the request at most", optional = true, min = 0, max = 1e9)
          @Nullable Double cost) {}

  /** Weights as they are written. */
  public record WeightsConfig(
      @Setting(
              value = "Points that a perfect answer in time is worth",
              byDefault = "1.0",
              min = 0,
              max = 1000)
          double quality,
      @Setting(
              value = "Multiplies the points while the class is behind its objective",
              byDefault = "1.0",
              min = 0,
              max = 1000)
          double attainment,
      @Setting(value = "Points per unit of cost", byDefault = "0.1", min = 0, max = 1000)
          double cost) {}

  /** What is done for its requests when an engine is slow or dies. */
  public Care care() {
    return new Care(hedge, rescue);
  }

  /** The same for the policy. */
  public ServiceClass toServiceClass() {
    return new ServiceClass(
        name,
        new Targets(
            targets.ttft,
            targets.tpot,
            targets.deadline,
            targets.throughput,
            targets.quality,
            targets.cost),
        attainment,
        window,
        priority,
        lane,
        new ServiceClass.Weights(weights.quality, weights.attainment, weights.cost));
  }
}
