package dev.gearbox.gateway.cli;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.TelemetrySink;

/** Forgets what happens: a command that runs once has nobody to tell. */
enum NoTelemetry implements TelemetrySink {
  INSTANCE;

  @Override
  public void step(StepRecord step) {}

  @Override
  public void finished(RequestTimeline timeline) {}
}
