package dev.gearbox.gateway.console;

import dev.gearbox.policy.decide.Actual;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.rule.Firing;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which gear every class is in. A gear is the variant that most decisions of a class and model went
 * to in the last second that had any, so that under load a shift is a shift and not a request.
 * Counts what was seen: under more load than one thread can follow, that is a part. Thread-safe.
 */
final class Gears {
  static final String REFUSED = "";
  private static final int RIBBON = 60;
  private static final int SHIFTS = 60;
  private static final int ENDED = 40;
  private static final int COVERED = 200;

  /** Of models times classes, of rules, of engines: beyond, new ones are not followed. */
  private static final int FOLLOWED = 2000;

  /** A class and a model. */
  record Key(String serviceClass, String model) {}

  /**
   * A class went to another gear.
   *
   * @param from variant; empty where it was refused
   * @param why in one sentence
   * @param cause the decision that tells
   */
  record Shift(Instant time, Key key, String from, String to, String why, DecisionRecord cause) {}

  /**
   * The gear of a class and model.
   *
   * @param gear variant, empty while it is refused
   * @param ribbon variants of its latest decisions, oldest first
   */
  record Gear(Key key, String gear, Instant since, List<String> ribbon, @Nullable Shift shift) {}

  /** How often a rule fired, and when last. */
  record Fired(long count, Instant last) {}

  /** What was last expected of an engine, and how often what came was within what was promised. */
  record Promise(CandidateRow row, Instant time, int inside, int covered, double objective) {}

  private final Map<Key, Following> followed = new LinkedHashMap<>();
  private final Map<String, Fired> rules = new TreeMap<>();
  private final Map<String, Kept> promises = new HashMap<>();
  private final Deque<Shift> shifts = new ArrayDeque<>();
  private final Deque<DecisionRecord> ended = new ArrayDeque<>();
  private long decisions;

  private static final class Following {
    final Deque<String> ribbon = new ArrayDeque<>();
    final Map<String, Integer> counts = new HashMap<>();
    final Map<String, DecisionRecord> latest = new HashMap<>();
    long second;
    @Nullable String gear;
    Instant since = Instant.EPOCH;
    @Nullable Shift shift;
  }

  private static final class Kept {
    CandidateRow row;
    Instant time;
    double objective;
    final Deque<Boolean> inside = new ArrayDeque<>();

    Kept(CandidateRow row, Instant time) {
      this.row = row;
      this.time = time;
    }
  }

  synchronized void decided(DecisionRecord made) {
    decisions++;
    Key key = new Key(made.request().serviceClass().name(), made.request().model());
    Following one = of(followed, key, Following::new);
    if (one != null) {
      follow(key, one, made);
    }
    for (String rule : made.rules().stream().map(Firing::rule).collect(Collectors.toSet())) {
      if (rules.size() < FOLLOWED || rules.containsKey(rule)) {
        rules.merge(
            rule, new Fired(1, made.time()), (old, now) -> new Fired(old.count + 1, now.last));
      }
    }
    for (CandidateRow row : made.candidates()) {
      Kept kept = of(promises, row.facts().engine(), () -> new Kept(row, made.time()));
      if (kept != null) {
        kept.row = row;
        kept.time = made.time();
        kept.objective = made.request().serviceClass().attainment();
      }
    }
  }

  private static <K, V> @Nullable V of(Map<K, V> all, K key, Supplier<V> fresh) {
    V known = all.get(key);
    if (known == null && all.size() < FOLLOWED) {
      known = fresh.get();
      all.put(key, known);
    }
    return known;
  }

  private void follow(Key key, Following one, DecisionRecord made) {
    CandidateRow row = made.chosenRow();
    String gear = row == null ? REFUSED : row.facts().variant();
    long second = made.time().getEpochSecond();
    if (second != one.second) {
      settle(key, one);
      one.second = second;
    }
    push(one.ribbon, gear, RIBBON);
    one.counts.merge(gear, 1, Integer::sum);
    one.latest.put(gear, made);
    if (one.gear == null) {
      one.gear = gear;
      one.since = made.time();
    }
  }

  /** The second is over: what most of it went to is the gear; of equals, the one that was. */
  private void settle(Key key, Following one) {
    String most = one.gear;
    for (Map.Entry<String, Integer> each : one.counts.entrySet()) {
      if (most == null || each.getValue() > one.counts.getOrDefault(most, 0)) {
        most = each.getKey();
      }
    }
    DecisionRecord cause = one.latest.get(most);
    if (most != null && one.gear != null && cause != null && !most.equals(one.gear)) {
      String why = one.gear.isEmpty() ? Why.chosen(cause) : Why.shift(cause, one.gear);
      Shift shift = new Shift(cause.time(), key, one.gear, most, why, cause);
      one.gear = most;
      one.since = cause.time();
      one.shift = shift;
      push(shifts, shift, SHIFTS);
    }
    one.counts.clear();
    one.latest.clear();
  }

  /** A request ended: {@code made} says what became of it. */
  synchronized void ended(DecisionRecord made) {
    push(ended, made, ENDED);
    Actual actual = made.actual();
    CandidateRow row = made.chosenRow();
    if (actual == null || row == null || actual.ttft() == null || made.relegated()) {
      return;
    }
    Kept kept = promises.get(row.facts().engine());
    if (kept != null && row.facts().engine().equals(actual.engine())) {
      push(kept.inside, actual.ttft() <= row.facts().forecast().ttftHigh(), COVERED);
    }
  }

  private static <T> void push(Deque<T> to, T item, int most) {
    to.addLast(item);
    if (to.size() > most) {
      to.removeFirst();
    }
  }

  synchronized long decisions() {
    return decisions;
  }

  /** The gears at {@code now}, after every second that is over. */
  synchronized List<Gear> gears(Instant now) {
    List<Gear> gears = new ArrayList<>();
    followed.forEach((key, one) -> {
      if (one.second < now.getEpochSecond()) {
        settle(key, one);
      }
      if (one.gear != null) {
        gears.add(new Gear(key, one.gear, one.since, List.copyOf(one.ribbon), one.shift));
      }
    });
    return gears;
  }

  /** The latest shifts, latest first. */
  synchronized List<Shift> shifts() {
    return List.copyOf(shifts.reversed());
  }

  /** Decisions whose requests ended last, latest first. */
  synchronized List<DecisionRecord> ended() {
    return List.copyOf(ended.reversed());
  }

  synchronized Map<String, Fired> rules() {
    return Map.copyOf(rules);
  }

  /** By engine; engines that no decision saw are missing. */
  synchronized Map<String, Promise> promises(Set<String> engines) {
    promises.keySet().retainAll(engines);
    Map<String, Promise> all = new HashMap<>();
    promises.forEach((engine, kept) -> {
      int inside = (int) kept.inside.stream().filter(each -> each).count();
      all.put(engine, new Promise(kept.row, kept.time, inside, kept.inside.size(), kept.objective));
    });
    return all;
  }
}
