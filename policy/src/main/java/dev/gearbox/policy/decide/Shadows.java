package dev.gearbox.policy.decide;

import dev.gearbox.telemetry.meter.PolicyMeters;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The shadows that look at every decision, one of a name. Thread-safe. */
public final class Shadows {
  private final PolicyMeters meters;
  private final List<Shadow> all = new CopyOnWriteArrayList<>();

  public Shadows(PolicyMeters meters) {
    this.meters = meters;
  }

  /** Lets {@code shadow} look from here on, in place of one of its name. */
  public synchronized void start(Shadow shadow) {
    stop(shadow.name());
    all.add(shadow);
  }

  /** Stops the shadow of this name, if there is one, and forgets what it saw. */
  public synchronized void stop(String name) {
    all.removeIf(each -> each.name().equals(name));
    for (Shadow.Measure measure : Shadow.Measure.values()) {
      meters.forgetShadow(name, measure.name().toLowerCase(java.util.Locale.ROOT));
    }
  }

  public Optional<Shadow> find(String name) {
    return all.stream().filter(each -> each.name().equals(name)).findFirst();
  }

  public List<Shadow> all() {
    return List.copyOf(all);
  }

  /** Has every shadow decide what was decided. Takes as long as so many decisions. */
  public void look(DecisionRecord made) {
    for (Shadow each : all) {
      each.look(made);
      synchronized (this) {
        if (all.contains(each)) {
          each.show(meters);
        }
      }
    }
  }
}
