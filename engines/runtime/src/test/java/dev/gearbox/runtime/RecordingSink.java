package dev.gearbox.runtime;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the steps it is told of. */
final class RecordingSink implements TelemetrySink {
  private final List<StepRecord> steps = new CopyOnWriteArrayList<>();

  List<StepRecord> steps() {
    return steps;
  }

  @Override
  public void step(StepRecord step) {
    steps.add(step);
  }

  @Override
  public void finished(RequestTimeline timeline) {
    throw new AssertionError("engines report steps only");
  }
}
