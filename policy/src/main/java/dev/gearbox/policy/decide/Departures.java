package dev.gearbox.policy.decide;

import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Notices that engines have left, so that what was learned of them goes too: where engines come and
 * go, each that comes has another name. Looks once a minute. Thread-safe.
 */
final class Departures {
  static final long EVERY_NANOS = 60_000_000_000L;

  private Set<String> here = Set.of();
  private long looked = Long.MIN_VALUE;

  /** Engines that were here at the last look and are no more; none until the next is due. */
  synchronized List<String> since(Signals signals, long now) {
    if (looked != Long.MIN_VALUE && now >= looked && now - looked < EVERY_NANOS) {
      return List.of();
    }
    looked = now;
    Set<String> known = new HashSet<>();
    for (EngineSignal engine : signals.engines()) {
      known.add(engine.engine());
    }
    List<String> gone = here.stream().filter(engine -> !known.contains(engine)).toList();
    here = known;
    return gone;
  }
}
