package dev.gearbox.telemetry.signal;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;

/** Where finished work is reported. Implementations are thread-safe, bounded and never block. */
public interface TelemetrySink {
  /** A step ended; called by the device's owner thread. */
  void step(StepRecord step);

  /** A request ended, whichever way. */
  void finished(RequestTimeline timeline);
}
