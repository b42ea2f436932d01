package dev.gearbox.policy.decide;

import com.sun.management.ThreadMXBean;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How long a decision takes: facts, rules, predictions, choice, record, booking and counting of one
 * request with four targets, while eight requests per candidate are under way. One thread; the
 * policy's clock is turned by hand, 50 ms a decision, so that everything it tabulates goes stale in
 * between.
 */
public final class DecisionBench {
  private static final int WARM_UP = 20_000;
  private static final int UNDERWAY = 8;
  private static final int TO_A_DEVICE = 8;
  private static final long TICK = 50_000_000;
  private static final int PROMPT_TOKENS = 100;
  private static final int MAX_TOKENS = 256;
  private static final int LABELS = 100;
  private static final String MODEL = "auto";
  private static final Targets FOUR =
      new Targets(
          Duration.ofSeconds(2), Duration.ofMillis(500), Duration.ofMinutes(1), null, 0.5, null);
  private static final ServiceClass CLASS =
      new ServiceClass(
          "standard",
          Targets.NONE,
          0.95,
          Duration.ofDays(30),
          0,
          Lane.INTERACTIVE,
          ServiceClass.Weights.DEFAULT);

  private final AtomicLong clock = new AtomicLong(1_000_000_000_000L);
  private final int candidates;
  private final GearboxPolicy policy;
  private final Map<String, Integer> prompt = new HashMap<>();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What was measured. */
  public static final class Result {
    private final long[] nanos;
    private final long[] cpuNanos;
    private final double bytes;
    private final double routed;

    private Result(long[] nanos, long[] cpuNanos, double bytes, double routed) {
      this.nanos = nanos;
      this.cpuNanos = cpuNanos;
      this.bytes = bytes;
      this.routed = routed;
    }

    /** Share of the decisions that sent the request somewhere; the others refused it. */
    public double routed() {
      return routed;
    }

    /** Bytes allocated by a decision in the mean, its record included. */
    public double bytes() {
      return bytes;
    }

    /** Microseconds that a share of all decisions stays under. */
    public double micros(double share) {
      return micros(0, nanos.length, share);
    }

    /** The same of the tenth number {@code decile}, from 0, of the run. */
    public double micros(int decile, double share) {
      return micros(nanos.length / 10 * decile, nanos.length / 10 * (decile + 1), share);
    }

    /** As {@link #micros(double)}, of the time that the thread had a processor for. */
    public double cpuMicros(double share) {
      return micros(cpuNanos, 0, cpuNanos.length, share);
    }

    private double micros(int from, int to, double share) {
      return micros(nanos, from, to, share);
    }

    private static double micros(long[] nanos, int from, int to, double share) {
      long[] sorted = Arrays.copyOfRange(nanos, from, to);
      Arrays.sort(sorted);
      return sorted[Math.min(sorted.length - 1, (int) (sorted.length * share))] / 1e3;
    }
  }

  /**
   * A policy with the default rules and as many others as are missing.
   *
   * @param rules in all, no fewer than the default ones
   * @param candidates variants that could answer, one engine each, eight to a device
   */
  public DecisionBench(int rules, int candidates) throws RuleException {
    int builtIn = RuleBase.compile(List.of(RuleSource.builtIn())).rules().size();
    if (rules < builtIn || candidates < 1) {
      throw new IllegalArgumentException(
          "needs the %d default rules or more and a candidate, got %d and %d"
              .formatted(builtIn, rules, candidates));
    }
    this.candidates = candidates;
    List<RuleSource> sources = new ArrayList<>(List.of(RuleSource.builtIn()));
    if (rules > builtIn) {
      sources.add(MadeUpRules.of(rules - builtIn));
    }
    policy =
        new GearboxPolicy(
            RuleBase.compile(sources),
            ChoiceOptions.DEFAULT,
            new LatencyModel(DevicePrior.CPU),
            new DecisionLog(),
            new Meters(LABELS).policy(),
            clock::get,
            () -> Instant.EPOCH,
            42);
    List<VariantFacts> variants = new ArrayList<>();
    for (int i = 0; i < candidates; i++) {
      double quality = 0.4 + 0.6 * i / candidates;
      variants.add(
          new VariantFacts(
              name(i),
              Set.of("quantized"),
              quality,
              2048,
              Set.of(Feature.CHAT),
              50_000_000L * (i % TO_A_DEVICE + 1),
              0));
      prompt.put(name(i), PROMPT_TOKENS);
    }
    policy.update(Map.of(MODEL, variants));
  }

  private static String name(int variant) {
    return "v" + variant;
  }

  private static String device(int variant) {
    return "device-" + variant / TO_A_DEVICE;
  }

  /** Decides {@code decisions} requests after a warm-up. */
  public Result run(int decisions) {
    Deque<RequestTimeline> running = new ArrayDeque<>();
    long[] nanos = new long[decisions];
    long[] cpuNanos = new long[decisions];
    double bytes = 0;
    int routed = 0;
    for (int i = -WARM_UP; i < decisions; i++) {
      long now = clock.addAndGet(TICK);
      RequestFacts request = request(i + WARM_UP, now);
      Signals signals = signals(now);
      long allocated = threads.getCurrentThreadAllocatedBytes();
      long cpu = threads.getCurrentThreadCpuTime();
      long start = System.nanoTime();
      Decision decision = policy.decide(request, signals);
      long end = System.nanoTime();
      cpu = threads.getCurrentThreadCpuTime() - cpu;
      long more = threads.getCurrentThreadAllocatedBytes() - allocated;
      policy.submitted(request.requestId());
      running.add(timeline(request, decision, now));
      if (running.size() > UNDERWAY * candidates) {
        policy.complete(running.remove());
      }
      if (i >= 0) {
        nanos[i] = end - start;
        cpuNanos[i] = cpu;
        bytes += more;
        routed += decision instanceof Decision.Route ? 1 : 0;
      }
    }
    return new Result(nanos, cpuNanos, bytes / decisions, (double) routed / decisions);
  }

  private RequestFacts request(int number, long now) {
    return new RequestFacts(
        "req-" + number,
        MODEL,
        CLASS,
        "acme",
        FOUR,
        prompt,
        MAX_TOKENS,
        true,
        Set.of(Feature.CHAT),
        now);
  }

  private Signals signals(long now) {
    List<EngineSignal> engines = new ArrayList<>(candidates);
    for (int i = 0; i < candidates; i++) {
      int running = i % 4;
      int waiting = i % 3;
      engines.add(
          new EngineSignal(
              "cpu/" + name(i),
              "cpu",
              name(i),
              device(i),
              EngineSignal.State.READY,
              running,
              waiting,
              waiting * PROMPT_TOKENS,
              running * 200L,
              8,
              1000,
              1000,
              now));
    }
    List<DeviceSignal> devices = new ArrayList<>();
    for (int i = 0; i < candidates; i += TO_A_DEVICE) {
      devices.add(new DeviceSignal(device(i), 0, now));
    }
    return new Signals(now, engines, devices);
  }

  /** The request was answered in half a second, whoever did. */
  private static RequestTimeline timeline(RequestFacts request, Decision decision, long now) {
    Decision.Route route = decision instanceof Decision.Route one ? one : null;
    return new RequestTimeline(
        request.requestId(),
        decision.id(),
        MODEL,
        route == null ? null : route.variant(),
        route == null ? null : route.pool(),
        route == null ? null : route.engine(),
        CLASS.name(),
        request.tenant(),
        true,
        now,
        now,
        now,
        route == null ? 0 : now + 100_000_000,
        now + 500_000_000,
        route == null ? TokenCounts.NONE : new TokenCounts(PROMPT_TOKENS, 0, 20),
        EngineTimings.NONE,
        route == null ? Outcome.REFUSED : Outcome.STOP,
        route == null ? 429 : 200);
  }
}
