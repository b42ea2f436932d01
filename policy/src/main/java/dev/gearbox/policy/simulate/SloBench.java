package dev.gearbox.policy.simulate;

import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.rule.Rules;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

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
 * @param seeds runs of every arm at every rate, as many at once as there are processors
 * @param trials of the clairvoyant search in each window of a run
 */
public record SloBench(
    Simulation simulation,
    Traffic mix,
    Traffic.Synthetic synthetic,
    double burstiness,
    Arrivals traffic,
    List<Double> rates,
    double seconds,
    int seeds,
    int trials) {
  /** Name of the arm that all others are compared with. */
  public static final String GEARBOX = "gearbox";

  /** Name of the best fixed variant for each class, known only afterwards. */
  public static final String HINDSIGHT = "hindsight-static";

  /** Name of what one who knows all arrivals reached. */
  public static final String CLAIRVOYANT = "clairvoyant-search";

  /** Share of answers that shall lie within the bands whose coverage is measured. */
  public static final double COVERED = 0.9;

  /** Seconds at the start that do not count: predictors know nothing yet. */
  public static final double WARM_UP = 60;

  private static final long FROM = (long) (WARM_UP * 1e9);
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
   * @param coverage of the bands of the policy at an objective of {@link #COVERED} in all classes,
   *     over all rates
   */
  public record Result(
      Map<String, String> knobs,
      List<Cell> cells,
      Map<Double, Double> bounds,
      List<Coverage> coverage) {
    /** Gearbox less {@code arm} in quality-weighted goodput, paired by seed. */
    public Interval difference(double rate, String arm) {
      return Interval.of(differences(rate, arm));
    }

    /**
     * How likely each difference is by chance, by arm: two-sided, with Holm's correction over the
     * arms that see no future.
     */
    public Map<String, Double> chances(double rate) {
      List<String> arms =
          cells.stream()
              .map(Cell::arm)
              .distinct()
              .filter(arm -> !Set.of(GEARBOX, HINDSIGHT, CLAIRVOYANT).contains(arm))
              .toList();
      double[] chances =
          Interval.holm(
              arms.stream().mapToDouble(arm -> Interval.chance(differences(rate, arm))).toArray());
      Map<String, Double> byArm = new LinkedHashMap<>();
      for (int i = 0; i < chances.length; i++) {
        byArm.put(arms.get(i), chances[i]);
      }
      return byArm;
    }

    private double[] differences(double rate, String arm) {
      List<Tally> ours = cell(rate, GEARBOX).runs();
      List<Tally> theirs = cell(rate, arm).runs();
      double[] differences = new double[ours.size()];
      for (int i = 0; i < differences.length; i++) {
        differences[i] = ours.get(i).qwg() - theirs.get(i).qwg();
      }
      return differences;
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
    if (trials < 0) {
      throw new IllegalArgumentException("trials must be 0 or more, got " + trials);
    }
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
    arms.put("smallest-or-none", Controls.smallestOrNone());
    arms.put("round-robin", Controls.roundRobin());
    arms.put("least-latency", Controls.leastLatency());
    arms.putAll(tuner.tune(meanPrompt(), meanOutput()));
    List<Cell> cells = new ArrayList<>();
    Map<Double, Double> bounds = new LinkedHashMap<>();
    List<List<Ended>> watched = new ArrayList<>();
    for (double rate : rates) {
      progress.accept("%.2f requests per second".formatted(rate));
      List<List<Arrival>> arrivals = bySeed(seed -> traffic.at(rate, WARM_UP + seconds, seed));
      arms.forEach((name, arm) ->
          cells.add(new Cell(rate, name, bySeed(seed -> tally(arrivals.get(seed), arm, seed)))));
      List<Ceilings> ceilings =
          bySeed(seed -> ceilings(arrivals.get(seed), GearboxArm.of(rules), seed));
      cells.add(new Cell(rate, HINDSIGHT, ceilings.stream().map(Ceilings::fixed).toList()));
      cells.add(new Cell(rate, CLAIRVOYANT, ceilings.stream().map(Ceilings::searched).toList()));
      bounds.put(rate, ceilings.stream().mapToDouble(Ceilings::bound).average().orElse(0));
      watched.addAll(bySeed(seed -> watched(arrivals.get(seed), GearboxArm.of(rules), seed)));
    }
    return new Result(tuner.knobs(), cells, bounds, Coverage.of(watched, FROM));
  }

  /** What {@code each} gives for every seed; runs share nothing, so order is all that is kept. */
  private <T> List<T> bySeed(IntFunction<T> each) {
    return IntStream.range(0, seeds).parallel().mapToObj(each).toList();
  }

  private Tally tally(List<Arrival> arrivals, Arm.Factory arm, long seed) {
    Tally tally = new Tally(FROM);
    simulation.run(arrivals, arm, seed, tally);
    return tally;
  }

  /** What one who knows a trace can get out of it, and what nobody can. */
  private record Ceilings(Tally fixed, Tally searched, double bound) {}

  /** The best fixed variant for each class, found by running them all, is where a search begins. */
  private Ceilings ceilings(List<Arrival> arrivals, Arm.Factory gearbox, long seed) {
    ClairvoyantSearch search = new ClairvoyantSearch(simulation, arrivals, FROM, seed);
    ClairvoyantSearch.Run best = null;
    for (Map<String, String> each : assignments()) {
      ClairvoyantSearch.Run run = search.watch(Controls.fixed(each));
      best = best == null || run.qwg() > best.qwg() ? run : best;
    }
    ClairvoyantSearch.Run ours = search.watch(gearbox);
    ClairvoyantSearch.Run fixed = best == null ? ours : best;
    Tally searched = search.improve(List.of(fixed, ours), trials);
    return new Ceilings(fixed.tally(), searched, Bound.of(simulation.fleet(), arrivals, FROM));
  }

  /**
   * The policy with every class at an objective of {@link #COVERED}: a band is promised at the
   * objective of its class.
   */
  private List<Ended> watched(List<Arrival> arrivals, Arm.Factory gearbox, long seed) {
    List<Ended> ended = new ArrayList<>();
    List<Arrival> same = arrivals.stream().map(SloBench::covered).toList();
    simulation.run(same, gearbox, seed, ended::add);
    return ended;
  }

  private static Arrival covered(Arrival arrival) {
    ServiceClass of = arrival.serviceClass();
    return new Arrival(
        arrival.number(),
        arrival.nanos(),
        new ServiceClass(
            of.name(), of.targets(), COVERED, of.window(), of.priority(), of.lane(), of.weights()),
        arrival.promptTokens(),
        arrival.outputTokens(),
        arrival.blocks());
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
    double[] scores =
        IntStream.range(0, rates.size() * TUNING_SEEDS)
            .parallel()
            .mapToDouble(i -> {
              long seed = TUNING_SEED + i % TUNING_SEEDS;
              double rate = rates.get(i / TUNING_SEEDS);
              List<Arrival> arrivals =
                  mix.synthetic(synthetic, rate, burstiness, WARM_UP + seconds, seed);
              return tally(arrivals, arm, seed).qwg();
            })
            .toArray();
    return Arrays.stream(scores).average().orElse(0);
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
