package dev.gearbox.gateway.scenario;

import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.simulate.EngineProfile;
import dev.gearbox.policy.simulate.StepProfile;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What devices bear at most of a class alone with its latency targets held, from the step times of
 * their engines. An upper bound: arrivals without gaps or heaps, every batch as large as the
 * targets let it be, no prompt twice as long as the mean. What is above it cannot be held by any
 * policy; what is below may still be missed.
 *
 * @param perSecond requests; 0 where even one alone misses
 * @param variant the best for it; empty where none reaches the class's quality floor
 * @param why what cannot be held, with its figures; empty where something can
 */
public record Capacity(double perSecond, String variant, String why) {
  /**
   * Of a class on so many devices, each with all of {@code engines}.
   *
   * @param prompt tokens, in the mean
   * @param output tokens, in the mean
   */
  public static Capacity of(
      ServiceClass wanted, List<EngineProfile> engines, int devices, int prompt, int output) {
    Double floor = wanted.targets().quality();
    Capacity best = new Capacity(0, "", "");
    for (EngineProfile engine : engines) {
      Double quality = engine.variant().quality();
      if (floor != null && (quality == null || quality < floor)) {
        continue;
      }
      Capacity of = of(wanted.targets(), engine, prompt, output);
      if (of.perSecond > best.perSecond || best.variant.isEmpty()) {
        best = of;
      }
    }
    return best.variant.isEmpty()
        ? new Capacity(0, "", "no variant reaches its quality floor of " + floor)
        : new Capacity(best.perSecond * devices, best.variant, best.why);
  }

  private static Capacity of(Targets targets, EngineProfile engine, int prompt, int output) {
    StepProfile steps = engine.steps();
    String variant = engine.variant().name();
    double prefill = steps.prefill() * prompt + steps.pairs() * prompt * prompt / 2e6;
    double first = prefill + steps.step();
    double each = steps.sequence() + steps.context() * (prompt + output / 2.0) / 1e3;
    if (first > seconds(targets.ttft())) {
      return nothing(variant, "ttft", targets.ttft(), first, "a prompt of " + prompt + " tokens");
    }
    double cycle = steps.step() + each;
    if (cycle > seconds(targets.tpot())) {
      return nothing(variant, "tpot", targets.tpot(), cycle, "a token of one sequence");
    }
    if (first + output * cycle > seconds(targets.deadline())) {
      return nothing(
          variant, "deadline", targets.deadline(), first + output * cycle, output + " tokens");
    }
    int batch = 1;
    while (batch < engine.maxSequences()
        && steps.step() + (batch + 1) * each <= seconds(targets.tpot())
        && first + output * (steps.step() + (batch + 1) * each) <= seconds(targets.deadline())) {
      batch++;
    }
    return new Capacity(1 / (prefill + output * (steps.step() / batch + each)), variant, "");
  }

  private static double seconds(@Nullable Duration target) {
    return target == null ? Double.POSITIVE_INFINITY : target.toNanos() / 1e9;
  }

  private static Capacity nothing(
      String variant, String target, @Nullable Duration asked, double takes, String what) {
    return new Capacity(
        0,
        variant,
        "%s %d ms at any rate: %s alone takes %s %.0f ms"
            .formatted(target, asked == null ? 0 : asked.toMillis(), what, variant, takes * 1e3));
  }

  /** In a line; {@code expected} requests per second of the class, 0 where nothing is known. */
  public String says(ServiceClass of, double expected) {
    if (perSecond == 0) {
      return "%s cannot hold %s".formatted(of.name(), why);
    }
    String held = targets(of.targets());
    return expected > perSecond
        ? String.format(
            Locale.ROOT,
            "%s cannot hold %s above %.3g requests/s on these pools, and %.3g are expected",
            of.name(),
            held,
            perSecond,
            expected)
        : String.format(
            Locale.ROOT,
            "%s cannot hold %s above %.3g requests/s on these pools",
            of.name(),
            held,
            perSecond);
  }

  private static String targets(Targets targets) {
    StringBuilder text = new StringBuilder();
    one(text, "ttft", targets.ttft());
    one(text, "tpot", targets.tpot());
    one(text, "deadline", targets.deadline());
    if (targets.quality() != null) {
      text.append(text.isEmpty() ? "" : ", ").append("quality ").append(targets.quality());
    }
    return text.isEmpty() ? "anything" : text.toString();
  }

  private static void one(StringBuilder text, String name, @Nullable Duration target) {
    if (target != null) {
      text.append(text.isEmpty() ? "" : ", ").append(name).append(' ');
      text.append(target.toMillis()).append(" ms");
    }
  }
}
