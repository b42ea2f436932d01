package dev.gearbox.policy.simulate;

import dev.gearbox.engine.Engine;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.signal.SignalStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * The policy against its controls on equal arrivals, in real time on engines that run. The arms
 * take turns at each load, forwards and back, so that a machine that grows slower is nobody's
 * advantage; each begins with a fresh memory on engines that have nothing left to do. Beside it the
 * same arrivals and arms run in virtual time on the measured profile: the twin, which says whether
 * the simulator may be believed.
 *
 * @param fleet profile of the engines, as measured at the beginning
 * @param engines by id, all on one device
 * @param store where they tell how they are
 * @param maxTokens what clients ask for at most
 * @param traffic the arrivals
 * @param arms by name
 * @param rates requests per second
 * @param warmUp seconds that do not count
 * @param seconds that count, after those
 * @param repeats of every arm at every rate, each on arrivals of its own
 */
public record RealBench(
    Fleet fleet,
    Map<String, Engine> engines,
    SignalStore store,
    int maxTokens,
    SloBench.Arrivals traffic,
    Map<String, Arm.Factory> arms,
    List<Double> rates,
    double warmUp,
    double seconds,
    int repeats) {
  /** Attainment by which the twin may be off. */
  public static final double TWIN = 0.05;

  /** How long the last answer of a run may take. */
  private static final long PATIENCE_NANOS = 120_000_000_000L;

  public RealBench {
    engines = Map.copyOf(engines);
    arms = Collections.unmodifiableMap(new LinkedHashMap<>(arms));
    rates = List.copyOf(rates);
    if (repeats < 2 || !(seconds > 0) || !(warmUp >= 0) || rates.isEmpty() || arms.isEmpty()) {
      throw new IllegalArgumentException("needs 2 repeats or more, seconds, a rate and an arm");
    }
  }

  /**
   * What came out.
   *
   * @param real as of {@link SloBench}
   * @param twin the same cells in virtual time
   */
  public record Result(SloBench.Result real, List<SloBench.Cell> twin) {
    public Result {
      twin = List.copyOf(twin);
    }
  }

  /** Arms that there are, with knobs that no run of this kind was looked at for. */
  public static Map<String, Arm.Factory> armsOf(Rules rules, Set<String> names) {
    Map<String, Arm.Factory> all = new LinkedHashMap<>();
    all.put(SloBench.GEARBOX, GearboxArm.of(rules));
    all.put("smallest-only", Controls.smallestOnly());
    all.put("reference-only", Controls.referenceOnly());
    all.put("queue-threshold", Controls.queueThreshold(1));
    all.put("round-robin", Controls.roundRobin());
    all.put("least-latency", Controls.leastLatency());
    all.put("best-that-meets", Controls.bestThatMeets(0.99));
    all.put("weighted-sum", Controls.weightedSum(0.5, 0.5, 0.5, 0.5));
    for (String name : names) {
      if (!all.containsKey(name)) {
        throw new IllegalArgumentException(
            "no arm '%s'; there are %s".formatted(name, all.keySet()));
      }
    }
    all.keySet().retainAll(names);
    return all;
  }

  /** Seconds that all of it takes when nothing is late. */
  public double length() {
    return rates.size() * repeats * arms.size() * (warmUp + seconds);
  }

  /** Runs all of it; {@code progress} is told what is begun. */
  public Result run(Consumer<String> progress) throws InterruptedException {
    Map<String, List<Tally>> real = new LinkedHashMap<>();
    Map<String, List<Tally>> twin = new LinkedHashMap<>();
    Map<Double, Double> bounds = new LinkedHashMap<>();
    List<List<Ended>> ours = new ArrayList<>();
    AtomicReference<Arm> hears = new AtomicReference<>();
    store.onStep(step -> {
      Arm arm = hears.get();
      if (arm != null) {
        arm.step(step);
      }
    });
    ThreadFactory daemon = Thread.ofPlatform().daemon().name("gearbox-bench").factory();
    try (ExecutorService events = Executors.newSingleThreadExecutor(daemon)) {
      for (double rate : rates) {
        double bound = 0;
        for (int repeat = 0; repeat < repeats; repeat++) {
          List<Arrival> arrivals = traffic.at(rate, warmUp + seconds, repeat);
          bound += Bound.of(fleet, arrivals, from()) / repeats;
          List<String> order = new ArrayList<>(arms.keySet());
          if (repeat % 2 == 1) {
            Collections.reverse(order);
          }
          for (String name : order) {
            progress.accept("%.2f requests per second, %s".formatted(rate, name));
            List<Ended> ended = play(arrivals, arm(name), repeat, hears, events);
            real.computeIfAbsent(rate + name, key -> new ArrayList<>()).add(tally(ended));
            if (name.equals(SloBench.GEARBOX)) {
              ours.add(ended);
            }
          }
          for (String name : arms.keySet()) {
            Tally tally = new Tally(from());
            simulation().run(arrivals, arm(name), repeat, tally);
            twin.computeIfAbsent(rate + name, key -> new ArrayList<>()).add(tally);
          }
        }
        bounds.put(rate, bound);
      }
    }
    List<Coverage> coverage = Coverage.of(ours, from());
    return new Result(new SloBench.Result(Map.of(), cells(real), bounds, coverage), cells(twin));
  }

  private Simulation simulation() {
    return new Simulation(fleet, maxTokens, 1, Simulation.LOCAL, List.of());
  }

  private long from() {
    return (long) (warmUp * 1e9);
  }

  private Arm.Factory arm(String name) {
    Arm.Factory factory = arms.get(name);
    if (factory == null) {
      throw new IllegalStateException("no arm " + name);
    }
    return factory;
  }

  private List<Ended> play(
      List<Arrival> arrivals,
      Arm.Factory factory,
      long seed,
      AtomicReference<Arm> hears,
      ExecutorService events)
      throws InterruptedException {
    Arm arm = factory.open(fleet, System::nanoTime, seed);
    hears.set(arm);
    List<Ended> ended = Collections.synchronizedList(new ArrayList<>());
    RealRun run =
        new RealRun(
            fleet, maxTokens, engines, store::snapshot, events, arm, ended::add, arrivals.size());
    boolean all = run.play(arrivals, PATIENCE_NANOS);
    hears.set(null);
    if (!all) {
      throw new IllegalStateException(
          "%d of %d requests have not ended two minutes after the last came"
              .formatted(arrivals.size() - ended.size(), arrivals.size()));
    }
    return List.copyOf(ended);
  }

  private Tally tally(List<Ended> ended) {
    Tally tally = new Tally(from());
    ended.forEach(tally);
    return tally;
  }

  private List<SloBench.Cell> cells(Map<String, List<Tally>> runs) {
    List<SloBench.Cell> cells = new ArrayList<>();
    for (double rate : rates) {
      for (String name : arms.keySet()) {
        cells.add(new SloBench.Cell(rate, name, runs.getOrDefault(rate + name, List.of())));
      }
    }
    return cells;
  }
}
