package dev.gearbox.policy.simulate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** All devices of a fleet with their engines. */
final class SimulatedFloor {
  private final VirtualTime time;
  private final List<SimulatedDevice> devices = new ArrayList<>();
  private final TreeMap<String, SimulatedEngine> engines = new TreeMap<>();
  private final Map<String, SimulatedDevice> deviceOf = new HashMap<>();

  SimulatedFloor(Fleet fleet, VirtualTime time, SimulatedEngine.Listener listener, long seed) {
    this.time = time;
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Integer> named = new HashMap<>();
    for (int i = 0; i < fleet.devices().size(); i++) {
      String deviceId = "device-" + i;
      SimulatedDevice device = new SimulatedDevice(deviceId, time);
      for (EngineProfile profile : fleet.devices().get(i)) {
        String name = profile.pool() + "/" + profile.variant().name();
        int number = named.merge(name, 1, Integer::sum) - 1;
        String id = number == 0 ? name : name + "#" + number;
        SimulatedEngine engine =
            new SimulatedEngine(id, deviceId, profile, random.split(), listener, time.now());
        device.add(engine);
        engines.put(id, engine);
        deviceOf.put(id, device);
      }
      devices.add(device);
    }
  }

  List<SimulatedDevice> devices() {
    return devices;
  }

  /** By id. */
  Map<String, SimulatedEngine> engines() {
    return engines;
  }

  /** Hands a request to an engine; false when it takes none. */
  boolean submit(String engine, Flight flight) {
    SimulatedEngine found = engines.get(engine);
    SimulatedDevice device = deviceOf.get(engine);
    if (found == null || device == null || !found.submit(flight)) {
      return false;
    }
    device.wake();
    return true;
  }

  /** Loses a device at {@code nanos} after the start, for good. */
  void lose(int device, long nanos) {
    time.at(VirtualTime.START + nanos, () -> devices.get(device).lose());
  }
}
