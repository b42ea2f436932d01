package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.Signals;

/** Does all that another arm does; tests look at what goes by. */
abstract class ForwardingArm implements Arm {
  private final Arm arm;

  ForwardingArm(Arm arm) {
    this.arm = arm;
  }

  @Override
  public Decision decide(RequestFacts request, Signals signals) {
    return arm.decide(request, signals);
  }

  @Override
  public void submitted(String requestId) {
    arm.submitted(requestId);
  }

  @Override
  public void step(StepRecord step) {
    arm.step(step);
  }

  @Override
  public void complete(RequestTimeline timeline) {
    arm.complete(timeline);
  }
}
