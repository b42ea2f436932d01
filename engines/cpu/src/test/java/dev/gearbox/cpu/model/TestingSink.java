package dev.gearbox.cpu.model;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.TelemetrySink;

/** Keeps nothing: telemetry is another test's business. */
final class TestingSink implements TelemetrySink {
  @Override
  public void step(StepRecord step) {}

  @Override
  public void finished(RequestTimeline timeline) {}
}
