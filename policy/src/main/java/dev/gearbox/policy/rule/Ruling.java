package dev.gearbox.policy.rule;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The voice of the rules, {@code ruling} in a rule's {@code then}: every method writes down which
 * rule spoke. The first exclusion of a candidate stands; of floors, ceilings and caps the strictest
 * does. One per decision, confined to its thread.
 */
public final class Ruling {
  private final List<CandidateFacts> candidates;
  private final List<Firing> firings = new ArrayList<>();
  private final Map<String, Exclusion> excluded = new HashMap<>();
  private final Set<String> unknown = new HashSet<>();
  private Lane lane;
  private int maxTokens;
  private @Nullable Boolean speculate;
  private double classWeight = 1;
  private double qualityWeight = 1;
  private @Nullable Bound floor;
  private @Nullable Bound ceiling;
  private boolean mayRelegate = true;
  private boolean relegate;
  private @Nullable Veto veto;
  private String rule = "";
  private String description = "";

  /** A bound for all candidates, and the rule that set it. */
  private record Bound(double value, String rule, String description) {}

  Ruling(RequestFacts request, List<CandidateFacts> candidates) {
    this.candidates = candidates;
    lane = request.serviceClass().lane();
    maxTokens = request.maxTokens();
  }

  void speaking(String ruleName, String ruleDescription) {
    rule = ruleName;
    description = ruleDescription;
  }

  /** {@code candidate} may not answer: {@code value} should be {@code operator threshold}. */
  public void exclude(
      CandidateFacts candidate,
      Reason reason,
      @Nullable Object value,
      String operator,
      Object threshold) {
    String found = value == null ? "unknown" : value.toString();
    String wanted = threshold.toString();
    excluded.putIfAbsent(candidate.engine(), new Exclusion(rule, reason, found, operator, wanted));
    note("exclude", candidate.engine(), found, operator, wanted);
  }

  /** {@link #exclude Excludes} every ready candidate on the device of {@code full}. */
  public void excludeDevice(
      CandidateFacts full,
      Reason reason,
      @Nullable Object value,
      String operator,
      Object threshold) {
    for (CandidateFacts each : candidates) {
      if (each.ready() && each.device().equals(full.device())) {
        exclude(each, reason, value, operator, threshold);
      }
    }
  }

  /** Nothing certain is known of {@code candidate}: its errors are taken twice as wide. */
  public void unknown(CandidateFacts candidate, Object value, String operator, Object threshold) {
    unknown.add(candidate.engine());
    note("unknown", candidate.engine(), value.toString(), operator, threshold.toString());
  }

  /** Whoever answers must have this quality at least, 0 to 1; the highest floor stands. */
  public void floor(double quality) {
    if (!(quality >= 0 && quality <= 1)) {
      throw new IllegalArgumentException("a quality floor must be 0 to 1, got " + quality);
    }
    if (floor == null || quality > floor.value) {
      floor = new Bound(quality, rule, description);
    }
    note("floor", null, Double.toString(quality), null, null);
  }

  /** The answer may cost this at most, in the configured currency; the lowest ceiling stands. */
  public void ceiling(double cost) {
    if (!(cost >= 0)) {
      throw new IllegalArgumentException("a cost ceiling must be 0 or more, got " + cost);
    }
    if (ceiling == null || cost < ceiling.value) {
      ceiling = new Bound(cost, rule, description);
    }
    note("ceiling", null, Double.toString(cost), null, null);
  }

  /** How to batch it. */
  public void lane(Lane chosen) {
    lane = chosen;
    note("lane", null, chosen.name(), null, null);
  }

  /** At most {@code tokens} of answer. */
  public void capTokens(int tokens) {
    maxTokens = Math.max(1, Math.min(maxTokens, tokens));
    note("cap", null, Integer.toString(tokens), null, null);
  }

  /** Whether tokens may be guessed ahead; without a word, where the lane is interactive. */
  public void speculate(boolean allowed) {
    speculate = allowed;
    note("speculate", null, allowed ? "allowed" : "forbidden", null, null);
  }

  /** A good answer is worth {@code factor} times what the class says, 0 to 100. */
  public void weight(double factor) {
    if (!(factor >= 0 && factor <= 100)) {
      throw new IllegalArgumentException("a weight must be 0 to 100, got " + factor);
    }
    classWeight *= factor;
    note("weight", null, Double.toString(factor), null, null);
  }

  /**
   * Differences of quality count {@code factor} times what they do, 0 to 4: below 1 spends quality
   * for chances of being in time, above 1 buys it back. Floors stay as they are.
   */
  public void qualityWeight(double factor) {
    if (!(factor >= 0 && factor <= 4)) {
      throw new IllegalArgumentException("a weight of quality must be 0 to 4, got " + factor);
    }
    qualityWeight = Math.min(4, qualityWeight * factor);
    note("quality", null, Double.toString(factor), null, null);
  }

  /** Run it when nothing else wants to, on the cheapest variant. */
  public void relegate() {
    relegate = true;
    note("relegate", null, "required", null, null);
  }

  /** When its targets cannot be met, refuse instead of running it late. */
  public void neverRelegate() {
    mayRelegate = false;
    note("relegate", null, "forbidden", null, null);
  }

  /** Refuses the request for good. */
  public void refuse(int status, String code, String message) {
    refuse(status, code, message, null);
  }

  /** Refuses the request; the first refusal stands. */
  public void refuse(int status, String code, String message, @Nullable Integer retryAfterSeconds) {
    if (veto == null) {
      veto = new Veto(rule, status, code, message, retryAfterSeconds);
    }
    note("refuse", null, code, null, null);
  }

  boolean excludes(CandidateFacts candidate) {
    return excluded.containsKey(candidate.engine());
  }

  /** Holds the candidates against the floor and the ceiling that rules set. */
  void settle() {
    if (floor != null) {
      speaking(floor.rule, floor.description);
      for (CandidateFacts candidate : candidates) {
        Double quality = candidate.quality();
        if (quality == null || quality < floor.value) {
          exclude(candidate, Reason.QUALITY, quality, ">=", floor.value);
        }
      }
    }
    if (ceiling != null) {
      speaking(ceiling.rule, ceiling.description);
      for (CandidateFacts candidate : candidates) {
        if (candidate.cost() > ceiling.value) {
          exclude(candidate, Reason.COST, candidate.cost(), "<=", ceiling.value);
        }
      }
    }
  }

  Ruled ruled() {
    return new Ruled(
        firings,
        excluded,
        unknown,
        lane,
        maxTokens,
        speculate == null ? lane == Lane.INTERACTIVE : speculate,
        classWeight,
        qualityWeight,
        mayRelegate,
        relegate,
        veto,
        null);
  }

  private void note(
      String effect,
      @Nullable String candidate,
      String value,
      @Nullable String operator,
      @Nullable String threshold) {
    firings.add(new Firing(rule, description, effect, candidate, value, operator, threshold));
  }
}
