package dev.gearbox.policy.simulate;

import dev.gearbox.policy.rule.Rules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The policy against its controls on equal arrivals, in virtual time. Knobs are tuned once, on
 * synthetic traffic of other seeds at all loads together, and frozen: nobody is tuned for a load or
 * for the traffic that is reported. The unit of the statistics is the run.
 *
 * @param simulation where it runs
 * @param synthetic lengths of the traffic that knobs are tuned on
 * @param burstiness of that traffic
 * @param traffic the arrivals that count
 * @param rates requests per second
 * @param seconds that count, after a warm-up
 * @param seeds runs of every arm at every rate
 */
public record SloBench(
    Simulation simulation,
    Traffic mix,
    Traffic.Synthetic synthetic,
    double burstiness,
    Arrivals traffic,
    List<Double> rates,
    double seconds,
    int seeds) {
  /** Name of the arm that all others are compared with. */
  public static final String GEARBOX = "gearbox";

  /** Name of the best fixed variant for each class, known only afterwards. */
  public static final String HINDSIGHT = "hindsight-static";

  /** Seconds at the start that do not count: predictors know nothing yet. */
  public static final double WARM_UP = 60;

  private static final long TUNING_SEED = 1_000_000;
  private static final int TUNING_SEEDS = 3;

  /** Makes the arrivals that count. */
  @FunctionalInterface
  public interface Arrivals {
    List<Arrival> at(double rate, double seconds, long seed);
  }

  /** One arm at one rate: a tally for each seed. */
  public record Cell(double rate, String arm, List<Tally> runs) {
    public Cell {
      runs = List.copyOf(runs);
    }

    public double qwg() {
      return runs.stream().mapToDouble(Tally::qwg).average().orElse(0);
    }
  }

  /**
   * What came out.
   *
   * @param knobs of the controls that have some, as tuned
   * @param cells by rate and arm
   * @param bounds what nobody can beat, for each rate; the mean over the seeds
   */
  public record Result(Map<String, String> knobs, List<Cell> cells, Map<Double, Double> bounds) {
    /** Gearbox less {@code arm} in quality-weighted goodput, paired by seed. */
    public Interval difference(double rate, String arm) {
      List<Tally> ours = cell(rate, GEARBOX).runs();
      List<Tally> theirs = cell(rate, arm).runs();
      double[] differences = new double[ours.size()];
      for (int i = 0; i < differences.length; i++) {
        differences[i] = ours.get(i).qwg() - theirs.get(i).qwg();
      }
      return Interval.of(differences);
    }

    /** A cell that is there. */
    public Cell cell(double rate, String arm) {
      return cells.stream()
          .filter(each -> each.rate() == rate && each.arm().equals(arm))
          .findFirst()
          .orElseThrow();
    }
  }

  public SloBench {
    rates = List.copyOf(rates);
    if (seeds < 2 || !(seconds > 0) || rates.isEmpty()) {
      throw new IllegalArgumentException("needs 2 seeds or more, seconds above 0 and a rate");
    }
  }

  /** Runs all of it; {@code progress} is told what is begun. */
  public Result run(Rules rules, Consumer<String> progress) {
    progress.accept("tuning the knobs of the controls");
    Tuner tuner = new Tuner(this::tuningScore);
    Map<String, Arm.Factory> arms = new LinkedHashMap<>();
    arms.put(GEARBOX, GearboxArm.of(rules));
    arms.put("reference-only", Controls.referenceOnly());
    arms.put("smallest-only", Controls.smallestOnly());
    arms.put("round-robin", Controls.roundRobin());
    arms.put("least-latency", Controls.leastLatency());
    arms.putAll(tuner.tune(meanPrompt(), meanOutput()));
    List<Cell> cells = new ArrayList<>();
    Map<Double, Double> bounds = new LinkedHashMap<>();
    for (double rate : rates) {
      progress.accept("%.2f requests per second".formatted(rate));
      List<List<Arrival>> arrivals = new ArrayList<>();
      for (int seed = 0; seed < seeds; seed++) {
        arrivals.add(traffic.at(rate, WARM_UP + seconds, seed));
      }
      arms.forEach((name, arm) -> cells.add(new Cell(rate, name, runs(arm, arrivals))));
      cells.add(new Cell(rate, HINDSIGHT, hindsight(arrivals)));
      bounds.put(rate, arrivals.stream().mapToDouble(this::bound).average().orElse(0));
    }
    return new Result(tuner.knobs(), cells, bounds);
  }

  private double bound(List<Arrival> arrivals) {
    return Bound.of(simulation.fleet(), arrivals, (long) (WARM_UP * 1e9));
  }

  private List<Tally> runs(Arm.Factory arm, List<List<Arrival>> arrivals) {
    List<Tally> tallies = new ArrayList<>();
    for (int seed = 0; seed < arrivals.size(); seed++) {
      tallies.add(tally(arrivals.get(seed), arm, seed));
    }
    return tallies;
  }

  private Tally tally(List<Arrival> arrivals, Arm.Factory arm, long seed) {
    Tally tally = new Tally((long) (WARM_UP * 1e9));
    simulation.run(arrivals, arm, seed, tally);
    return tally;
  }

  /** The best fixed variant for each class, chosen for each trace by running them all on it. */
  private List<Tally> hindsight(List<List<Arrival>> arrivals) {
    List<Map<String, String>> fixed = assignments();
    List<Tally> best = new ArrayList<>();
    for (int seed = 0; seed < arrivals.size(); seed++) {
      Tally most = null;
      for (Map<String, String> each : fixed) {
        Tally tally = tally(arrivals.get(seed), Controls.fixed(each), seed);
        most = most == null || tally.qwg() > most.qwg() ? tally : most;
      }
      if (most != null) {
        best.add(most);
      }
    }
    return best;
  }

  private List<Map<String, String>> assignments() {
    List<Map<String, String>> all = List.of(Map.of());
    for (Traffic.Share share : mix.mix()) {
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> each : all) {
        for (String variant : Controls.names(simulation.fleet())) {
          Map<String, String> more = new LinkedHashMap<>(each);
          more.put(share.serviceClass().name(), variant);
          longer.add(more);
        }
      }
      all = longer;
    }
    return all;
  }

  /** Mean over all rates, on synthetic traffic of seeds that nothing else uses. */
  private double tuningScore(Arm.Factory arm) {
    double sum = 0;
    for (double rate : rates) {
      for (int i = 0; i < TUNING_SEEDS; i++) {
        long seed = TUNING_SEED + i;
        List<Arrival> arrivals =
            mix.synthetic(synthetic, rate, burstiness, WARM_UP + seconds, seed);
        sum += tally(arrivals, arm, seed).qwg();
      }
    }
    return sum / (rates.size() * TUNING_SEEDS);
  }

  private int meanPrompt() {
    return (int) mean(synthetic.promptMedian(), synthetic.promptSpread());
  }

  private int meanOutput() {
    return (int) mean(synthetic.outputMedian(), synthetic.outputSpread());
  }

  private static double mean(int median, double spread) {
    return Math.max(1, median * Math.exp(spread * spread / 2));
  }
}
