package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.Boost;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.choose.Pricing;
import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.ClassFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Revoked;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.CacheModel;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.predict.LengthModel;
import dev.gearbox.policy.predict.Rider;
import dev.gearbox.policy.predict.StepPrior;
import dev.gearbox.policy.predict.Underway;
import dev.gearbox.policy.rule.Firing;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.meter.PolicyMeters;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.telemetry.signal.Signals;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * The policy: rules say what is allowed, the latency model what it would take, the score which one
 * to take. Learns from steps and finished requests. Thread-safe; nothing blocks.
 */
public final class GearboxPolicy implements PolicyEngine {
  private static final int SERVER_ERROR = 500;
  private static final HexFormat HEX = HexFormat.of();
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final ChoiceOptions options;
  private final LatencyModel latency;
  private final LengthModel lengths = new LengthModel();
  private final CacheModel caches = new CacheModel();
  private final Bookings bookings = new Bookings();
  private final Underway underway;
  private final OpenEngines opened = new OpenEngines();
  private final Prices prices;
  private final Standings standings = new Standings();
  private final ConcurrentHashMap<String, Revoked> revoked = new ConcurrentHashMap<>();
  private final CandidateList candidates;
  private final Departures departures = new Departures();
  private final Outcomes outcomes;
  private final DecisionLog log;
  private final PolicyMeters meters;
  private final LongSupplier clock;
  private final InstantSource time;
  private final AtomicLong seeds;
  private final ConcurrentHashMap<String, Double> boosts = new ConcurrentHashMap<>();
  private volatile ModelTable models = ModelTable.EMPTY;
  private volatile Rules rules;
  private volatile Consumer<DecisionRecord> observer = made -> {};

  /**
   * A policy that knows no models yet.
   *
   * @param rules what is allowed; {@link dev.gearbox.policy.rule.ConservativeRules} until a rule
   *     base is compiled
   * @param options constants of the choice
   * @param latency the latency model
   * @param log where records are kept
   * @param meters where decisions are counted
   * @param clock monotonic nanoseconds, the one that signals and timelines are stamped with
   * @param time of day, for the records
   * @param seed of the exploration
   */
  public GearboxPolicy(
      Rules rules,
      ChoiceOptions options,
      LatencyModel latency,
      DecisionLog log,
      PolicyMeters meters,
      LongSupplier clock,
      InstantSource time,
      long seed) {
    this.rules = rules;
    this.options = options;
    this.latency = latency;
    this.log = log;
    this.meters = meters;
    this.clock = clock;
    this.time = time;
    this.seeds = new AtomicLong(seed);
    this.underway = new Underway(latency);
    this.prices = new Prices(options.pricing(), underway);
    this.candidates =
        new CandidateList(
            latency,
            lengths,
            caches,
            bookings,
            underway,
            opened,
            prices,
            revoked,
            options.sampleAbove());
    this.outcomes = new Outcomes(latency, lengths, caches, meters);
    meters.version(rules.version());
    meters.observe(standings.budgets(), clock);
  }

  /** Replaces the models: each name with the variants that may answer for it. */
  public void update(Map<String, List<VariantFacts>> families) {
    update(families, Map.of());
  }

  /**
   * The same where engines of one variant differ, because they run elsewhere.
   *
   * @param engines what a variant is on an engine, by the engine's id
   */
  public void update(Map<String, List<VariantFacts>> families, Map<String, VariantFacts> engines) {
    models = new ModelTable(families, engines);
  }

  /** Lets no engine of this variant answer from the next decision on. */
  public void revoke(String variant, Revoked why) {
    revoked.put(variant, why);
  }

  /** Lets this variant answer again. */
  public void restore(String variant) {
    revoked.remove(variant);
  }

  /** Shows the attainment of these classes from the start, at zero. */
  public void expect(Collection<ServiceClass> classes) {
    for (ServiceClass each : classes) {
      meters.expect(each.name(), Attained.TARGETS);
      standings.expect(each);
    }
  }

  /** What was measured of the steps of an engine that will come. */
  public void expect(String engine, StepPrior prior) {
    latency.expect(engine, prior);
  }

  /** Replaces the rules from the next decision on. */
  public void update(Rules replacement) {
    rules = replacement;
    meters.version(replacement.version());
  }

  public Rules rules() {
    return rules;
  }

  /** Tells of every decision that is made from here on; {@code told} may not block. */
  public void observe(Consumer<DecisionRecord> told) {
    observer = told;
  }

  /** These rules, as a shadow of this policy. */
  public Shadow shadow(String name, Rules other) {
    return new Shadow(name, () -> other, options, UnaryOperator.identity());
  }

  /** The rules at hand with the price that does not decide, as it stands when looked at. */
  public Shadow otherPrice() {
    Pricing other = options.pricing().other();
    return new Shadow(
        "price-" + other.name().toLowerCase(Locale.ROOT),
        () -> rules,
        options.with(other),
        facts -> facts.withPrice(prices.lambda(facts.device(), other)));
  }

  @Override
  public Decision decide(RequestFacts request, Signals signals) {
    long started = clock.getAsLong();
    prices.advance(signals, started);
    departures.since(signals, started).forEach(this::forget);
    DecisionRecord made = deliberate(request, signals, started);
    log.add(made);
    observer.accept(made);
    prices.asked(made, started);
    book(made, started);
    count(made);
    meters.decided((clock.getAsLong() - started) / 1e9);
    return made.decision();
  }

  @Override
  public void submitted(String requestId) {
    bookings.submitted(requestId, clock.getAsLong());
  }

  /** Points that a second of {@code device} costs. */
  public double price(String device) {
    return prices.lambda(device);
  }

  /** How a class stands against its objective at this moment. */
  public ClassFacts standing(ServiceClass serviceClass) {
    return standings.facts(serviceClass, clock.getAsLong());
  }

  /** The record that {@link #decide} would make, without booking, counting or keeping anything. */
  public DecisionRecord preview(RequestFacts request, Signals signals) {
    return deliberate(request, signals, clock.getAsLong());
  }

  /** Decides a record again under the present rules. */
  public Replay replay(DecisionRecord recorded) {
    return Replay.of(recorded, rules, options);
  }

  /** Learns from a step. */
  public void step(StepRecord step) {
    if (!latency.learn(step)) {
      VariantFacts variant = models.of(step.engine(), EngineNames.variant(step.engine()));
      if (variant != null) {
        latency.expect(step.engine(), variant.parameterBytes());
        latency.learn(step);
      }
    }
  }

  /** Attaches what became of a decision to its record, and learns from it. */
  public void complete(RequestTimeline timeline) {
    bookings.release(timeline.requestId());
    underway.leave(timeline.requestId());
    long now = clock.getAsLong();
    String id = timeline.decisionId();
    if (id == null
        && timeline.code() >= SERVER_ERROR
        && standings.lost(timeline.serviceClass(), now)) {
      // No engine, no room: who asked has not got what the class promises.
      meters.attained(timeline.serviceClass(), Outcomes.ALL, false);
    }
    DecisionRecord made = id == null ? null : log.find(id);
    if (made == null || made.actual() != null) {
      return;
    }
    Actual actual = outcomes.learn(made, timeline, now);
    log.end(made.id(), actual);
    Boolean met = actual.met().get(Outcomes.ALL);
    if (met != null) {
      var serviceClass = made.request().serviceClass();
      standings.count(serviceClass, actual.met(), now);
      boosts.merge(
          serviceClass.name(),
          Boost.next(0, serviceClass.attainment(), met),
          (boost, first) -> Boost.next(boost, serviceClass.attainment(), met));
    }
  }

  private void forget(String engine) {
    latency.forget(engine);
    caches.forget(engine);
    opened.forget(engine);
  }

  private DecisionRecord deliberate(RequestFacts asked, Signals signals, long now) {
    Rules applied = rules;
    RequestFacts request = asked.with(standings.facts(asked.serviceClass(), now));
    long seed = mix(seeds.addAndGet(GOLDEN));
    double boost = boosts.getOrDefault(request.serviceClass().name(), 0.0);
    List<CandidateFacts> facts = candidates.build(models, request, signals, seed, now);
    Deliberation made = Deliberation.of(request, facts, applied, options, boost, seed);
    var at = time.instant();
    String id =
        "dec-" + HEX.toHexDigits(at.toEpochMilli(), 12) + HEX.toHexDigits((int) (seed >>> 32));
    return made.record(id, at, applied.version(), seed, boost);
  }

  private void book(DecisionRecord made, long now) {
    CandidateRow chosen = made.chosenRow();
    if (chosen == null) {
      return;
    }
    CandidateFacts facts = chosen.facts();
    bookings.book(
        made.request().requestId(),
        EngineNames.batch(facts.engine()),
        Math.max(0, facts.promptTokens() - facts.cachedTokens()),
        facts.forecast().ttft(),
        now);
    if (opened.choose(facts.device(), EngineNames.batch(facts.engine()), now)) {
      meters.switched(facts.device());
    }
    Score score = chosen.score();
    double points = score == null ? 0 : Math.max(0, score.value());
    double meets = score == null ? facts.forecast().meets() : score.meets();
    prices.spent(facts.device(), facts.forecast().work(), points, meets, now);
    if (score != null && made.decision() instanceof Decision.Route route) {
      double worth = made.relegated() ? 0 : score.worth();
      board(made.request(), facts, worth, route, now);
    }
  }

  /** What runs late on purpose has nothing to lose, but takes its place. */
  private void board(
      RequestFacts request, CandidateFacts facts, double points, Decision.Route route, long now) {
    underway.board(
        facts.device(),
        new Rider(
            request.requestId(),
            EngineNames.batch(facts.engine()),
            CandidateList.errorGroup(facts.pool(), facts.variant()),
            request.streaming(),
            route.lane(),
            route.priority(),
            points,
            request.targets(),
            facts.forecast(),
            facts.expectedTokens(),
            request.arrivedNanos()),
        now);
  }

  private void count(DecisionRecord made) {
    List<Firing> all = made.rules();
    if (all.isEmpty()) {
      return;
    }
    Set<String> fired = new HashSet<>();
    for (Firing firing : all) {
      if (fired.add(firing.rule())) {
        meters.ruleFired(firing.rule());
      }
    }
  }

  /** Spreads a counter over all bits (SplitMix64). */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
