package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.meter.PolicyMeters;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A policy that decides what another one decided, from the same facts and the same seed, and serves
 * nobody. Keeps the mean differences, its own choice less the one that was served. It sees what the
 * served choices did to the devices, not what its own would have. Thread-safe.
 */
public final class Shadow {
  /** What is compared. Of a refusal all are 0 but itself. */
  public enum Measure {
    /** How often it would have done something else. */
    CHOSEN,
    REFUSED,
    /** Predicted probability of meeting every target. */
    MEETS,
    QUALITY,
    /** In the configured currency. */
    COST,
    /** Device-seconds. */
    WORK,
    /** How often its rules failed and the built-in ones decided. */
    FALLBACK
  }

  /**
   * A mean difference.
   *
   * @param mean its own less the served
   * @param low end of the interval that holds the mean in about 95 of 100 cases; null of few
   * @param high its other end
   */
  public record Delta(double mean, @Nullable Double low, @Nullable Double high) {}

  private final String name;
  private final Supplier<Rules> rules;
  private final ChoiceOptions options;
  private final UnaryOperator<CandidateFacts> seen;
  private final Map<Measure, BatchMeans> means = new EnumMap<>(Measure.class);
  private long decisions;

  /**
   * A shadow that has seen nothing.
   *
   * @param name in metrics
   * @param rules it goes by
   * @param options of its choice
   * @param seen what it makes of a candidate's facts
   */
  Shadow(
      String name,
      Supplier<Rules> rules,
      ChoiceOptions options,
      UnaryOperator<CandidateFacts> seen) {
    this.name = name;
    this.rules = rules;
    this.options = options;
    this.seen = seen;
    for (Measure measure : Measure.values()) {
      means.put(measure, new BatchMeans());
    }
  }

  public String name() {
    return name;
  }

  public Rules rules() {
    return rules.get();
  }

  /** Decisions that it looked at. */
  public synchronized long decisions() {
    return decisions;
  }

  public synchronized Delta delta(Measure measure) {
    BatchMeans of = of(measure);
    double error = of.error();
    return Double.isNaN(error)
        ? new Delta(of.mean(), null, null)
        : new Delta(of.mean(), of.mean() - error, of.mean() + error);
  }

  /** Decides what was decided. */
  void look(DecisionRecord made) {
    Rules applied = rules.get();
    DecisionRecord would =
        Deliberation.of(
                made.request(),
                made.candidates().stream().map(CandidateRow::facts).map(seen).toList(),
                applied,
                options,
                made.boost(),
                made.seed())
            .record(made.id(), made.time(), applied.version(), made.seed(), made.boost());
    synchronized (this) {
      decisions++;
      boolean same = java.util.Objects.equals(made.chosen(), would.chosen());
      of(Measure.CHOSEN).add(same ? 0 : 1);
      of(Measure.FALLBACK).add(would.fallback() == null ? 0 : 1);
      CandidateRow mine = would.chosenRow();
      CandidateRow theirs = made.chosenRow();
      of(Measure.REFUSED).add((mine == null ? 1 : 0) - (theirs == null ? 1 : 0));
      of(Measure.MEETS).add(meets(mine) - meets(theirs));
      of(Measure.QUALITY).add(quality(mine) - quality(theirs));
      of(Measure.COST)
          .add(
              (mine == null ? 0 : mine.facts().cost())
                  - (theirs == null ? 0 : theirs.facts().cost()));
      of(Measure.WORK).add(work(mine) - work(theirs));
    }
  }

  void show(PolicyMeters meters) {
    for (Measure measure : Measure.values()) {
      Delta delta = delta(measure);
      meters.shadow(
          name,
          measure.name().toLowerCase(Locale.ROOT),
          delta.mean(),
          delta.low() == null ? Double.NaN : delta.low(),
          delta.high() == null ? Double.NaN : delta.high());
    }
  }

  private BatchMeans of(Measure measure) {
    return java.util.Objects.requireNonNull(means.get(measure));
  }

  private static double meets(@Nullable CandidateRow row) {
    return row == null || row.score() == null ? 0 : row.score().meets();
  }

  private double quality(@Nullable CandidateRow row) {
    if (row == null) {
      return 0;
    }
    Double quality = row.facts().quality();
    return quality == null ? options.unknownQuality() : quality;
  }

  private static double work(@Nullable CandidateRow row) {
    return row == null ? 0 : row.facts().forecast().work();
  }
}
