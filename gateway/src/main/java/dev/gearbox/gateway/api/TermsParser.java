package dev.gearbox.gateway.api;

import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Class and targets of a request, from headers, body, class and caller. */
final class TermsParser {
  private static final double YEAR_MS = 365.0 * 24 * 3600 * 1000;
  private static final int MAX_NAME = 64;

  private final ServiceClasses classes;

  TermsParser(ServiceClasses classes) {
    this.classes = classes;
  }

  /**
   * Parses.
   *
   * @param headers value of a header by its lower-case name, null when absent
   */
  Terms parse(
      Fields body, Function<String, @Nullable String> headers, Caller caller, boolean streaming) {
    String tier = body.string("service_tier", MAX_NAME);
    if (tier != null) {
      Fields.oneOf(tier, ServiceClasses.tiers(), "service_tier");
    }
    ServiceClass chosen = serviceClass(headers, tier, caller);
    Duration patience = patience(headers.apply("x-stainless-read-timeout"));
    Targets targets = own(body, headers).or(chosen.targets());
    return new Terms(
        chosen,
        tier == null || tier.equals("auto") ? "default" : tier,
        patience == null ? targets : bounded(targets, patience, streaming),
        patience,
        millis(headers, "x-gearbox-deadline-ms"));
  }

  private ServiceClass serviceClass(
      Function<String, @Nullable String> headers, @Nullable String tier, Caller caller) {
    String named = headers.apply("x-slo-class");
    if (named != null) {
      ServiceClass found = classes.find(named.strip());
      if (found == null) {
        throw new InvalidFieldException(
            "x-slo-class", "x-slo-class names no configured class: " + Fields.shown(named));
      }
      return found;
    }
    ServiceClass ofTier = tier == null ? null : classes.ofTier(tier);
    if (ofTier != null) {
      return ofTier;
    }
    // An objective is a name of the inference gateway's; one that is no class of ours is not ours.
    for (String alias :
        new String[] {"x-llm-d-inference-objective", "x-gateway-inference-objective"}) {
      String objective = headers.apply(alias);
      ServiceClass found = objective == null ? null : classes.find(objective.strip());
      if (found != null) {
        return found;
      }
    }
    return classes.orFallback(caller.serviceClass());
  }

  private static Targets own(Fields body, Function<String, @Nullable String> headers) {
    Fields extra = body.object("extra_args");
    Duration ttft = millis(headers, "x-llm-d-slo-ttft-ms", "x-slo-ttft-ms");
    Duration tpot = millis(headers, "x-llm-d-slo-tpot-ms", "x-slo-tpot-ms");
    return new Targets(
        ttft != null ? ttft : millis(extra, "ttft_target"),
        tpot != null ? tpot : millis(extra, "itl_target"),
        millis(headers, "x-slo-deadline-ms"),
        null,
        number(headers, "x-slo-min-quality", 1),
        number(headers, "x-slo-max-cost", 1e9));
  }

  /** The client hangs up after this long without a byte: before then it must have one, or all. */
  private static Targets bounded(Targets targets, Duration patience, boolean streaming) {
    return new Targets(
        streaming ? earlier(targets.ttft(), patience) : targets.ttft(),
        targets.tpot(),
        streaming ? targets.deadline() : earlier(targets.deadline(), patience),
        targets.throughput(),
        targets.quality(),
        targets.cost());
  }

  private static Duration earlier(@Nullable Duration a, Duration b) {
    return a == null || a.compareTo(b) > 0 ? b : a;
  }

  private static @Nullable Duration patience(@Nullable String seconds) {
    if (seconds == null) {
      return null;
    }
    try {
      double value = Double.parseDouble(seconds);
      // The SDK's own header, not a target: what makes no sense is left alone.
      return value > 0 && value <= YEAR_MS / 1000 ? nanos(value * 1000) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static @Nullable Duration millis(@Nullable Fields extra, String name) {
    Double value = extra == null ? null : extra.number(name, 0, YEAR_MS, true);
    return value == null ? null : nanos(value);
  }

  private static @Nullable Duration millis(
      Function<String, @Nullable String> headers, String... names) {
    for (String name : names) {
      String value = headers.apply(name);
      if (value != null) {
        return nanos(decimal(name, value, 0, YEAR_MS, true));
      }
    }
    return null;
  }

  private static @Nullable Double number(
      Function<String, @Nullable String> headers, String name, double max) {
    String value = headers.apply(name);
    return value == null ? null : decimal(name, value, 0, max, false);
  }

  private static double decimal(
      String header, String value, double min, double max, boolean above) {
    String text = value.strip();
    double number = Double.NaN;
    if (text.length() <= 32 && text.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
      number = Double.parseDouble(text);
    }
    if (!(number >= min && number <= max) || (above && number == min)) {
      throw new InvalidFieldException(
          header,
          "%s must be a number %s%s to %s, got \"%s\""
              .formatted(
                  header, above ? "above " : "", (long) min, (long) max, Fields.shown(text)));
    }
    return number;
  }

  private static Duration nanos(double millis) {
    return Duration.ofNanos(Math.max(1, (long) (millis * 1e6)));
  }
}
