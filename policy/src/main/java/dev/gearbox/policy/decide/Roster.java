package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The engines of one signals snapshot by device: what is the same for every decision on it, and
 * worth making once. Immutable but for what it remembers of the models that were asked for.
 */
final class Roster {
  private final Signals signals;
  private final ModelTable models;
  private final List<Device> devices = new ArrayList<>();
  private final Map<String, Family> families = new ConcurrentHashMap<>();

  /**
   * A device and the engines that make steps on it.
   *
   * @param number of it in the roster
   * @param id of it
   * @param engines those that run a batch; requests with an adapter are in the batch of another
   *     engine, which counts them
   * @param bytes that a step of each reads
   */
  record Device(int number, String id, List<EngineSignal> engines, List<Long> bytes) {}

  /**
   * An engine that may answer for some model.
   *
   * @param signal what it said
   * @param variant that it runs
   * @param device that it shares
   * @param place of its batch among the engines of the device
   * @param batch engine in whose batch its requests are: itself, but for an adapter
   * @param errors what its predictions share their errors with
   */
  record Seat(
      EngineSignal signal,
      VariantFacts variant,
      Device device,
      int place,
      String batch,
      String errors) {}

  /** The engines that may answer for a model. */
  static final class Family {
    private final List<Seat> seats;
    private volatile @Nullable List<List<List<Seat>>> alike;

    Family(List<Seat> seats) {
      this.seats = List.copyOf(seats);
    }

    /** All of them, in the order of the snapshot. */
    List<Seat> seats() {
      return seats;
    }

    /** Their devices, those together that hold the same of the family in the same state. */
    List<List<List<Seat>>> alike() {
      List<List<List<Seat>>> known = alike;
      if (known == null) {
        known = grouped(seats);
        alike = known;
      }
      return known;
    }
  }

  Roster(Signals signals, ModelTable models) {
    this.signals = signals;
    this.models = models;
    Map<String, Device> byId = new HashMap<>();
    for (EngineSignal signal : signals.engines()) {
      if (!EngineNames.isAdapter(signal.engine())) {
        Device device = byId.get(signal.device());
        if (device == null) {
          device =
              new Device(devices.size(), signal.device(), new ArrayList<>(), new ArrayList<>());
          byId.put(signal.device(), device);
          devices.add(device);
        }
        VariantFacts variant = models.of(signal.engine(), signal.variant());
        device.engines.add(signal);
        device.bytes.add(variant == null ? 1 : variant.parameterBytes());
      }
    }
  }

  /** Whether it is of this snapshot, and not of one that says the same. */
  @SuppressWarnings("ReferenceEquality")
  boolean of(Signals some, ModelTable table) {
    return signals == some && models == table;
  }

  int devices() {
    return devices.size();
  }

  Family family(String model) {
    Family known = families.get(model);
    if (known == null) {
      known = new Family(seats(models.family(model)));
      // Models are as many as are configured, but a client may name anything.
      if (!known.seats.isEmpty()) {
        families.put(model, known);
      }
    }
    return known;
  }

  private List<Seat> seats(Map<String, VariantFacts> family) {
    List<Seat> seats = new ArrayList<>();
    if (family.isEmpty()) {
      return seats;
    }
    Map<String, Device> byId = new HashMap<>();
    devices.forEach(device -> byId.put(device.id, device));
    for (EngineSignal signal : signals.engines()) {
      VariantFacts named = family.get(signal.variant());
      Device device = byId.get(signal.device());
      if (named != null && device != null) {
        Seat seat = seat(signal, models.of(signal.engine(), named), device);
        if (seat != null) {
          seats.add(seat);
        }
      }
    }
    return seats;
  }

  /** Null where the engine that runs its batch is gone: an adapter may outlive it by a moment. */
  private static @Nullable Seat seat(EngineSignal signal, VariantFacts variant, Device device) {
    String batch = EngineNames.batch(signal.engine());
    for (int place = 0; place < device.engines.size(); place++) {
      if (device.engines.get(place).engine().equals(batch)) {
        String errors = CandidateList.errorGroup(signal.pool(), variant.name());
        return new Seat(signal, variant, device, place, batch, errors);
      }
    }
    return null;
  }

  private static List<List<List<Seat>>> grouped(List<Seat> seats) {
    Map<Integer, List<Seat>> byDevice = new LinkedHashMap<>();
    for (Seat seat : seats) {
      byDevice.computeIfAbsent(seat.device.number, number -> new ArrayList<>()).add(seat);
    }
    Map<String, List<List<Seat>>> alike = new LinkedHashMap<>();
    for (List<Seat> ofDevice : byDevice.values()) {
      TreeSet<String> holds = new TreeSet<>();
      ofDevice.forEach(seat -> holds.add(seat.errors + ' ' + seat.signal.state()));
      alike.computeIfAbsent(holds.toString(), kind -> new ArrayList<>()).add(ofDevice);
    }
    return List.copyOf(alike.values());
  }
}
