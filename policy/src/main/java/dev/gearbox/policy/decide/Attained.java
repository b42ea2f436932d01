package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.meter.MetricNames;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which targets a request met. Pure. */
final class Attained {
  static final String TTFT = "ttft";
  static final String TPOT = "tpot";
  static final String DEADLINE = "deadline";
  static final String THROUGHPUT = "throughput";
  static final String QUALITY = "quality";
  static final String COST = "cost";

  /** Every target that a request may carry. */
  static final List<String> TARGETS = List.of(TTFT, TPOT, DEADLINE, THROUGHPUT, QUALITY, COST);

  /** Those of them that are about time. */
  static final List<String> LATENCIES = List.of(TTFT, TPOT, DEADLINE, THROUGHPUT);

  private static final int CLIENT_ERROR = 400;
  private static final int TOO_MANY = 429;
  private static final int CLIENT_CLOSED = 499;

  private Attained() {}

  /**
   * By target, and {@link MetricNames#ALL_TARGETS}. Empty where nobody can be held to anything: the
   * request itself was wrong, or the client left before anything was due. A refusal for want of
   * capacity is a miss.
   */
  static Map<String, Boolean> of(
      Targets targets, RequestTimeline timeline, @Nullable Double quality, double cost) {
    Map<String, Boolean> met = new LinkedHashMap<>();
    if (timeline.code() >= CLIENT_ERROR
        && timeline.code() < 500
        && timeline.code() != TOO_MANY
        && timeline.code() != CLIENT_CLOSED) {
      return met;
    }
    latency(met, TTFT, targets.ttft(), timeline, timeline.ttftSeconds());
    tpot(met, targets.tpot(), timeline);
    latency(met, DEADLINE, targets.deadline(), timeline, ended(timeline));
    boolean answered = complete(timeline);
    if (answered && targets.throughput() != null) {
      double perSecond = timeline.tokens().generated() / Math.max(1e-9, timeline.totalSeconds());
      met.put(THROUGHPUT, perSecond >= targets.throughput());
    }
    if (answered && targets.quality() != null) {
      met.put(QUALITY, quality != null && quality >= targets.quality());
    }
    if (answered && targets.cost() != null) {
      met.put(COST, cost <= targets.cost());
    }
    boolean missed = met.containsValue(false);
    if (answered || missed || timeline.outcome() != Outcome.CANCELLED) {
      met.put(MetricNames.ALL_TARGETS, answered && !missed);
    }
    return met;
  }

  /** Whether none of the latency targets was missed. */
  static boolean inTime(Map<String, Boolean> met) {
    for (String target : LATENCIES) {
      if (Boolean.FALSE.equals(met.get(target))) {
        return false;
      }
    }
    return true;
  }

  /** Whether all latency targets were met; null when none was asked or one was never due. */
  static @Nullable Boolean latenciesMet(Targets targets, Map<String, Boolean> met) {
    if (!inTime(met)) {
      return false;
    }
    boolean due =
        due(targets.ttft(), TTFT, met)
            && due(targets.tpot(), TPOT, met)
            && due(targets.deadline(), DEADLINE, met)
            && due(targets.throughput(), THROUGHPUT, met);
    boolean asked = LATENCIES.stream().anyMatch(met::containsKey);
    return (asked && due) ? Boolean.TRUE : null;
  }

  private static boolean due(@Nullable Object target, String name, Map<String, Boolean> met) {
    return target == null || met.containsKey(name);
  }

  static boolean complete(RequestTimeline timeline) {
    return timeline.outcome() == Outcome.STOP || timeline.outcome() == Outcome.LENGTH;
  }

  private static double ended(RequestTimeline timeline) {
    return complete(timeline) ? timeline.totalSeconds() : Double.NaN;
  }

  private static void latency(
      Map<String, Boolean> met,
      String name,
      @Nullable Duration target,
      RequestTimeline timeline,
      double seconds) {
    if (target == null) {
      return;
    }
    double limit = target.toNanos() / 1e9;
    if (!Double.isNaN(seconds)) {
      met.put(name, seconds <= limit);
    } else if (timeline.outcome() != Outcome.CANCELLED || timeline.totalSeconds() > limit) {
      met.put(name, false);
    }
  }

  private static void tpot(
      Map<String, Boolean> met, @Nullable Duration target, RequestTimeline timeline) {
    double seconds = timeline.tpotSeconds();
    if (target == null) {
      return;
    }
    if (!Double.isNaN(seconds)) {
      met.put(TPOT, seconds <= target.toNanos() / 1e9);
    } else if (complete(timeline)) {
      met.put(TPOT, true);
    } else if (timeline.outcome() != Outcome.CANCELLED) {
      met.put(TPOT, false);
    }
  }
}
