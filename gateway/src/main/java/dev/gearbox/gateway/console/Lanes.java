package dev.gearbox.gateway.console;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The requests that are on their way. Entering and leaving is all that serving pays; what a request
 * looks like is worked out by whoever reads. Thread-safe.
 */
public final class Lanes {
  /** Something on its way that can be looked at, and ended, from any thread. */
  public interface Traveller {
    /** How far it is; may be a moment old. */
    LiveRequest look();

    /** Stops it where it is; nothing happens to one that is over. */
    void end();
  }

  private final Set<Traveller> inside = ConcurrentHashMap.newKeySet();

  public void enter(Traveller traveller) {
    inside.add(traveller);
  }

  public void leave(Traveller traveller) {
    inside.remove(traveller);
  }

  /** Ends the request of this id; false when none is on its way. */
  public boolean end(String id) {
    for (Traveller each : inside) {
      if (each.look().request().id().equals(id)) {
        each.end();
        return true;
      }
    }
    return false;
  }

  /** All of them as they are, in no order. */
  List<LiveRequest> look() {
    List<LiveRequest> seen = new ArrayList<>();
    inside.forEach(each -> seen.add(each.look()));
    return seen;
  }
}
