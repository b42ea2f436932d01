package dev.gearbox.gateway.console;

import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.telemetry.record.StepRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the last minutes brought: the variants that decisions of each model went to, what became of
 * the requests of each class, and how much of their device's time engines took. Thread-safe.
 */
final class Recent {
  /** Slots of {@link #SLOT} over which ends are told. */
  static final int ENDS = 90;

  static final Duration SLOT = Duration.ofSeconds(10);

  private static final int SECONDS = 60;
  private static final int BUSY_SECONDS = 10;

  /** Of models and classes: beyond, new ones are not followed. */
  private static final int FOLLOWED = 2000;

  /** What became of a request. */
  enum End {
    MET,
    MISSED,
    REFUSED;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The built-in rules decided, as those that are loaded could not. */
  record Fallback(Instant time, String why) {}

  private final Map<String, SlotCounts> shares = new HashMap<>();
  private final Map<String, SlotCounts> ends = new HashMap<>();
  private final SlotCounts busy = new SlotCounts(BUSY_SECONDS, TimeUnit.SECONDS.toNanos(1));
  private @Nullable Fallback fallback;

  synchronized void decided(DecisionRecord made) {
    CandidateRow row = made.chosenRow();
    String gear = row == null ? Gears.REFUSED : row.facts().variant();
    of(shares, made.request().model(), SECONDS, Duration.ofSeconds(1))
        .add(gear, 1, made.time().toEpochMilli());
    String why = made.fallback();
    if (why != null) {
      fallback = new Fallback(made.time(), why);
    }
  }

  /** Requests of a class ended like this at {@code time}. */
  synchronized void ended(String serviceClass, End end, Instant time) {
    of(ends, serviceClass, ENDS, SLOT).add(end.word(), 1, time.toEpochMilli());
  }

  synchronized void stepped(StepRecord step) {
    busy.add(step.engine(), step.nanos(), step.endedNanos());
  }

  private static SlotCounts of(
      Map<String, SlotCounts> all, String name, int slots, Duration width) {
    SlotCounts known = all.get(name);
    if (known != null) {
      return known;
    }
    SlotCounts fresh = new SlotCounts(slots, width.toMillis());
    if (all.size() < FOLLOWED) {
      all.put(name, fresh);
    }
    return fresh;
  }

  /** Decisions of the last minute by variant; what was refused under {@link Gears#REFUSED}. */
  synchronized Map<String, Long> shares(String model, Instant now) {
    SlotCounts counted = shares.get(model);
    return counted == null ? Map.of() : counted.sums(now.toEpochMilli());
  }

  /** Ends of a class's requests by {@link End#word}, in slots, oldest first. */
  synchronized Map<String, long[]> ends(String serviceClass, Instant now) {
    SlotCounts counted = ends.get(serviceClass);
    return counted == null ? Map.of() : counted.series(now.toEpochMilli());
  }

  /** Share of the last ten seconds that each engine's steps took, 0 to 1, where steps are told. */
  synchronized Map<String, Double> busy(long nowNanos) {
    Map<String, Double> all = new HashMap<>();
    busy.sums(nowNanos)
        .forEach((engine, nanos) -> all.put(engine, Math.min(1, nanos / (BUSY_SECONDS * 1e9))));
    return all;
  }

  /** The last decision that the built-in rules made; null where there is none. */
  synchronized @Nullable Fallback fallback() {
    return fallback;
  }
}
