package dev.gearbox.gateway.slo;

import dev.gearbox.gateway.config.ClassConfig.TargetsConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A target of a class, as other formats know numbers: its unit and which side of it is good. */
enum SloTarget {
  TTFT("ms", "lte"),
  TPOT("ms", "lte"),
  DEADLINE("ms", "lte"),
  THROUGHPUT("tokens/s", "gte"),
  QUALITY("ratio", "gte"),
  COST("currency", "lte");

  private final String unit;
  private final String operator;

  SloTarget(String unit, String operator) {
    this.unit = unit;
    this.operator = operator;
  }

  /** As it is written in labels and in the configuration. */
  String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  String unit() {
    return unit;
  }

  /** {@code lte} or {@code gte}. */
  String operator() {
    return operator;
  }

  /** What a class asks of it, in its unit; null where it asks nothing. */
  @Nullable Double of(TargetsConfig targets) {
    return switch (this) {
      case TTFT -> millis(targets.ttft());
      case TPOT -> millis(targets.tpot());
      case DEADLINE -> millis(targets.deadline());
      case THROUGHPUT -> targets.throughput();
      case QUALITY -> targets.quality();
      case COST -> targets.cost();
    };
  }

  /** As the configuration has it, from a value in this unit. */
  String written(double number) {
    return unit.equals("ms") ? plain(number) + "ms" : plain(number);
  }

  static String describe(TargetsConfig targets) {
    List<String> said = new ArrayList<>();
    for (SloTarget each : values()) {
      Double number = each.of(targets);
      if (number != null) {
        String sign = each.operator.equals("lte") ? " <= " : " >= ";
        said.add(each.label() + sign + each.written(number));
      }
    }
    return said.isEmpty() ? "none of its own" : String.join(", ", said);
  }

  static String names() {
    return Arrays.stream(values()).map(SloTarget::label).collect(Collectors.joining(", "));
  }

  /** Without an exponent or a fraction of zero. */
  static String plain(double number) {
    return java.math.BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  private static @Nullable Double millis(@Nullable Duration duration) {
    return duration == null ? null : duration.toNanos() / 1e6;
  }
}
