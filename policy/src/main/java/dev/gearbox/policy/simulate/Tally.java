package dev.gearbox.policy.simulate;

import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.telemetry.record.Outcome;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Counts a run. Quality-weighted goodput is {@code Σ v·q·[every target met] / Σ v} over all
 * arrivals with {@code v} the points of the class; whoever is refused counts as nothing and stays
 * in the denominator. Arrivals of the warm-up are left out altogether.
 */
public final class Tally implements Consumer<Ended> {
  private final long fromNanos;
  private final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
  private final TreeMap<String, Long> variants = new TreeMap<>();
  private final TreeMap<String, OfClass> classes = new TreeMap<>();
  private double points;
  private double earned;
  private double quality;
  private long answered;
  private long met;
  private long requests;
  private double tokens;

  /** Counts of one class. */
  private static final class OfClass {
    private long requests;
    private long met;
  }

  /** Counts arrivals from {@code fromNanos} after the start on. */
  public Tally(long fromNanos) {
    this.fromNanos = fromNanos;
  }

  @Override
  public void accept(Ended ended) {
    if (ended.arrival().nanos() < fromNanos) {
      return;
    }
    ServiceClass serviceClass = ended.arrival().serviceClass();
    OfClass ofClass = classes.computeIfAbsent(serviceClass.name(), name -> new OfClass());
    double value = serviceClass.weights().quality();
    requests++;
    ofClass.requests++;
    points += value;
    outcomes.merge(ended.outcome(), 1L, Long::sum);
    if (ended.outcome() == Outcome.LENGTH || ended.outcome() == Outcome.STOP) {
      answered++;
      quality += ended.quality();
      tokens += ended.arrival().promptTokens() + ended.arrival().outputTokens();
      variants.merge(String.valueOf(ended.variant()), 1L, Long::sum);
    }
    if (ended.met()) {
      met++;
      ofClass.met++;
      earned += value * ended.quality();
    }
  }

  /** Adds what another one counted. */
  public void add(Tally other) {
    other.outcomes.forEach((outcome, count) -> outcomes.merge(outcome, count, Long::sum));
    other.variants.forEach((variant, count) -> variants.merge(variant, count, Long::sum));
    other.classes.forEach((name, counts) -> {
      OfClass mine = classes.computeIfAbsent(name, key -> new OfClass());
      mine.requests += counts.requests;
      mine.met += counts.met;
    });
    points += other.points;
    earned += other.earned;
    quality += other.quality;
    answered += other.answered;
    met += other.met;
    requests += other.requests;
    tokens += other.tokens;
  }

  /** Quality-weighted goodput, 0 to 1; 0 without arrivals. */
  public double qwg() {
    return points == 0 ? 0 : earned / points;
  }

  /** Share of a class's requests with every target met. */
  public Map<String, Double> attainment() {
    Map<String, Double> shares = new TreeMap<>();
    classes.forEach((name, counts) -> shares.put(name, (double) counts.met / counts.requests));
    return shares;
  }

  /** Mean quality of what was answered, in time or not. */
  public double meanQuality() {
    return answered == 0 ? 0 : quality / answered;
  }

  /** Share of all arrivals with every target met. */
  public double goodput() {
    return requests == 0 ? 0 : (double) met / requests;
  }

  public long requests() {
    return requests;
  }

  public long count(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0L);
  }

  /** Share of arrivals that nobody answered. */
  public double refused() {
    return requests == 0 ? 0 : (double) count(Outcome.REFUSED) / requests;
  }

  /** Answers by variant. */
  public Map<String, Long> variants() {
    return Map.copyOf(variants);
  }

  /** Prompt and output tokens of all answers. */
  public double tokens() {
    return tokens;
  }
}
