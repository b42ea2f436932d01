package dev.gearbox.policy.simulate;

import dev.gearbox.runtime.BusyShare;
import dev.gearbox.runtime.StepOrder;
import dev.gearbox.runtime.StepOrder.Contender;
import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.telemetry.signal.DeviceSignal;
import java.util.ArrayList;
import java.util.List;

/** A device whose engines take turns, as {@code dev.gearbox.runtime.Device} lets them. */
final class SimulatedDevice {
  private final String id;
  private final VirtualTime time;
  private final List<SimulatedEngine> engines = new ArrayList<>();
  private final StepOrder<SimulatedEngine> order = new StepOrder<>();
  private final BusyShare busy = new BusyShare();
  private boolean stepping;
  private boolean lost;

  SimulatedDevice(String id, VirtualTime time) {
    this.id = id;
    this.time = time;
  }

  void add(SimulatedEngine engine) {
    engines.add(engine);
  }

  List<SimulatedEngine> engines() {
    return engines;
  }

  DeviceSignal signal() {
    return new DeviceSignal(id, busy.share(time.now()), time.now());
  }

  /** Somebody has work; begins a step unless one is under way. */
  void wake() {
    if (!stepping && !lost) {
      stepping = true;
      // After all that happens at this instant, as an owner thread empties its mailbox first.
      time.at(time.now(), this::step);
    }
  }

  void lose() {
    lost = true;
    engines.forEach(engine -> engine.lose(time.now()));
  }

  private void step() {
    stepping = false;
    if (lost) {
      return;
    }
    long now = time.now();
    List<Contender<SimulatedEngine>> contenders = new ArrayList<>(engines.size());
    for (SimulatedEngine engine : engines) {
      engine.expire(now);
      if (!engine.isIdle()) {
        contenders.add(new Contender<>(engine, engine.due(), engine.stepNanos()));
      }
    }
    while (!contenders.isEmpty()) {
      SimulatedEngine engine = order.next(contenders, now);
      StepPlan<SimulatedSequence> plan = engine.plan();
      if (!plan.isEmpty()) {
        begin(engine, plan);
        return;
      }
      contenders.removeIf(contender -> contender.engine() == engine);
    }
  }

  private void begin(SimulatedEngine engine, StepPlan<SimulatedSequence> plan) {
    int weight = engine.weight();
    long nanos = engine.nanos(plan);
    stepping = true;
    busy.begin(time.now());
    time.at(
        time.now() + nanos,
        () -> {
          stepping = false;
          busy.end(time.now());
          if (lost) {
            return;
          }
          order.charge(engine, nanos, weight);
          for (SimulatedEngine other : engines) {
            if (other != engine) {
              other.otherStep(nanos);
            }
          }
          engine.stepped(plan, nanos, time.now());
          wake();
        });
  }
}
