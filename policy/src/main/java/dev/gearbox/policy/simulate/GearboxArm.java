package dev.gearbox.policy.simulate;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.Signals;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** The policy that serves, on virtual time. */
public final class GearboxArm implements Arm {
  private static final ChoiceOptions NEVER_REFUSES = new ChoiceOptions(0.5, 0, 0);
  private static final int LABELS = 100;

  private final GearboxPolicy policy;

  private GearboxArm(
      Rules rules, ChoiceOptions options, Fleet fleet, LongSupplier clock, long seed) {
    policy =
        new GearboxPolicy(
            rules,
            options,
            new LatencyModel(DevicePrior.CPU),
            new DecisionLog(),
            new Meters(LABELS).policy(),
            clock,
            () -> Instant.ofEpochSecond(0, clock.getAsLong()),
            seed);
    policy.update(Map.of(fleet.model(), fleet.variants()));
  }

  /** The policy as it serves. */
  public static Arm.Factory of(Rules rules) {
    return of(rules, ChoiceOptions.DEFAULT);
  }

  static Arm.Factory of(Rules rules, ChoiceOptions options) {
    return (fleet, clock, seed) -> new GearboxArm(rules, options, fleet, clock, seed);
  }

  /** Predicts as the policy does, and decides nothing but which engine of a variant. */
  static GearboxArm predictor(Fleet fleet, LongSupplier clock, long seed) {
    return new GearboxArm(ConservativeRules.INSTANCE, NEVER_REFUSES, fleet, clock, seed);
  }

  @Override
  public Decision decide(RequestFacts request, Signals signals) {
    return policy.decide(request, signals);
  }

  @Override
  public void submitted(String requestId) {
    policy.submitted(requestId);
  }

  /** Every candidate with its forecast. */
  List<CandidateFacts> candidates(RequestFacts request, Signals signals) {
    return policy.preview(request, signals).candidates().stream().map(row -> row.facts()).toList();
  }

  @Override
  public void step(StepRecord step) {
    policy.step(step);
  }

  @Override
  public void complete(RequestTimeline timeline) {
    policy.complete(timeline);
  }
}
