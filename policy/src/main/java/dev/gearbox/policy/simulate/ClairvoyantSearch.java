package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.Decision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What can be had on given arrivals by one who knows them all: local search over the variant of
 * each request. Window by window of {@link #WINDOW_SECONDS} it gives one request another variant,
 * or none, lets the window run with true lengths, and keeps what earns more; what a window kept is
 * kept for good when the whole run earns more too. Achieved, so a ceiling that can be reached, but
 * not the optimum: a bounded number of trials, and which engine of a variant answers is left to the
 * policy's own code.
 */
final class ClairvoyantSearch {
  static final double WINDOW_SECONDS = 60;

  /** Runs before and after a window with it, as its requests meet others. */
  private static final double MARGIN_SECONDS = 15;

  private final Simulation simulation;
  private final List<Arrival> arrivals;
  private final long fromNanos;
  private final long seed;
  private final Map<String, Integer> rungOf = new HashMap<>();
  private final int rungs;

  ClairvoyantSearch(Simulation simulation, List<Arrival> arrivals, long fromNanos, long seed) {
    this.simulation = simulation;
    this.arrivals = arrivals;
    this.fromNanos = fromNanos;
    this.seed = seed;
    List<String> names = Controls.names(simulation.fleet());
    names.forEach(name -> rungOf.put(name, rungOf.size()));
    rungs = names.size();
  }

  /** A run and, for each arrival by number, the rung that answered or {@link Controls#REFUSE}. */
  static final class Run {
    private final Tally tally;
    private final int[] assignment;
    private final boolean[] met;

    private Run(Tally tally, int[] assignment, boolean[] met) {
      this.tally = tally;
      this.assignment = assignment;
      this.met = met;
    }

    Tally tally() {
      return tally;
    }

    int[] assignment() {
      return assignment;
    }

    boolean[] met() {
      return met;
    }

    double qwg() {
      return tally.qwg();
    }
  }

  /** Runs {@code arm} and writes down who answered. */
  Run watch(Arm.Factory arm) {
    return run(arrivals, arm, fromNanos);
  }

  /**
   * Improves on the better of what earned {@code starts}.
   *
   * @param trials in each window
   */
  Tally improve(List<Run> starts, int trials) {
    Run best = starts.getFirst();
    for (Run each : starts) {
      best = each.qwg() > best.qwg() ? each : best;
    }
    Tally most = best.tally();
    // Whoever comes from another arm may end otherwise when its variants are given from outside.
    Run kept = watch(Controls.assigned(best.assignment()));
    SplittableRandom random = new SplittableRandom(seed);
    double end = arrivals.isEmpty() ? 0 : arrivals.getLast().nanos() / 1e9;
    for (double from = fromNanos / 1e9; from <= end; from += WINDOW_SECONDS) {
      int[] better = improve(kept, from, trials, random);
      if (better != null) {
        Run whole = watch(Controls.assigned(better));
        kept = whole.qwg() > kept.qwg() ? whole : kept;
      }
    }
    return kept.qwg() > most.qwg() ? kept.tally() : most;
  }

  /** A better assignment for a window; null when none was found. */
  private int @Nullable [] improve(Run start, double from, int trials, SplittableRandom random) {
    List<Arrival> around = between(from - MARGIN_SECONDS, from + WINDOW_SECONDS + MARGIN_SECONDS);
    List<Arrival> inside = between(from, from + WINDOW_SECONDS);
    if (inside.isEmpty() || trials < 1) {
      return null;
    }
    long counts = around.getFirst().nanos();
    int[] kept = start.assignment().clone();
    Run run = run(around, Controls.assigned(kept), counts);
    boolean improved = false;
    for (int trial = 0; trial < trials; trial++) {
      int number = inside.get(random.nextInt(inside.size())).number();
      int before = kept[number];
      kept[number] = neighbour(before, run.met()[number], random);
      Run tried = run(around, Controls.assigned(kept.clone()), counts);
      if (tried.qwg() > run.qwg()) {
        run = tried;
        improved = true;
      } else {
        kept[number] = before;
      }
    }
    return improved ? kept : null;
  }

  /** A better variant for who was in time, a faster one or none for who was not. */
  private int neighbour(int rung, boolean met, SplittableRandom random) {
    if (rung == Controls.REFUSE) {
      return random.nextInt(rungs);
    }
    if (met) {
      return Math.max(0, rung - 1);
    }
    int lower = rung + 1 + random.nextInt(rungs - rung);
    return lower < rungs ? lower : Controls.REFUSE;
  }

  private List<Arrival> between(double from, double to) {
    List<Arrival> some = new ArrayList<>();
    for (Arrival each : arrivals) {
      double at = each.nanos() / 1e9;
      if (at >= from && at < to) {
        some.add(each);
      }
    }
    return some;
  }

  private Run run(List<Arrival> some, Arm.Factory arm, long counted) {
    Tally tally = new Tally(counted);
    int[] answered = new int[arrivals.size()];
    boolean[] met = new boolean[arrivals.size()];
    simulation.run(
        some,
        arm,
        seed,
        ended -> {
          tally.accept(ended);
          int number = ended.arrival().number();
          Decision.Route route = ended.route();
          answered[number] =
              route == null ? Controls.REFUSE : rungOf.getOrDefault(route.variant(), 0);
          met[number] = ended.met();
        });
    return new Run(tally, answered, met);
  }
}
