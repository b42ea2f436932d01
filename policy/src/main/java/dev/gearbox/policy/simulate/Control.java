package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.Signals;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An arm to compare with: some {@link Selector} names the variant, and the policy's own code does
 * the rest. So all arms have the same predictions, bookings, lanes and choice among engines of a
 * variant, and differ in nothing but what they are compared for. A control refuses nothing unless
 * it says so.
 */
final class Control implements Arm {
  private final GearboxArm predictor;
  private final Selector selector;

  private Control(GearboxArm predictor, Selector selector) {
    this.predictor = predictor;
    this.selector = selector;
  }

  /** Names the variant of a request. */
  @FunctionalInterface
  interface Selector {
    /** A variant that the fleet has; null refuses. */
    @Nullable String variant(RequestFacts request, Facts facts);
  }

  /** What a selector may look at; predictions cost time, so they are made on demand. */
  @FunctionalInterface
  interface Facts {
    List<CandidateFacts> candidates();
  }

  /** Makes the selector of a run, because some remember. */
  @FunctionalInterface
  interface Maker {
    Selector make(Fleet fleet);
  }

  static Arm.Factory of(Maker maker) {
    return (Fleet fleet, LongSupplier clock, long seed) ->
        new Control(GearboxArm.predictor(fleet, clock, seed), maker.make(fleet));
  }

  @Override
  public Decision decide(RequestFacts request, Signals signals) {
    String variant = selector.variant(request, () -> predictor.candidates(request, signals));
    if (variant == null) {
      return new Decision.Refuse("none", 429, "refused", "refused", null, List.of(), null);
    }
    RequestFacts pinned =
        new RequestFacts(
            request.requestId(),
            variant,
            request.serviceClass(),
            request.tenant(),
            request.targets(),
            request.promptTokens(),
            request.maxTokens(),
            request.streaming(),
            request.needs(),
            request.arrivedNanos());
    return predictor.decide(pinned, signals);
  }

  @Override
  public void submitted(String requestId) {
    predictor.submitted(requestId);
  }

  @Override
  public void step(StepRecord step) {
    predictor.step(step);
  }

  @Override
  public void complete(RequestTimeline timeline) {
    predictor.complete(timeline);
  }
}
