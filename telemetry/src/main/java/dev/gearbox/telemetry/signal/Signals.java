package dev.gearbox.telemetry.signal;

import java.util.List;

/**
 * An immutable snapshot of what telemetry knows about every engine and device. Old entries mean
 * <em>unknown</em>, never <em>idle</em>: readers look at the age of each.
 *
 * @param takenNanos when the snapshot was taken, on the injected monotonic clock
 * @param engines one entry per engine, ordered by id
 * @param devices one entry per device, ordered by id
 */
public record Signals(long takenNanos, List<EngineSignal> engines, List<DeviceSignal> devices) {
  public Signals {
    engines = List.copyOf(engines);
    devices = List.copyOf(devices);
  }
}
