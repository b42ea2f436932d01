package dev.gearbox.policy.rule;

import dev.gearbox.engine.Lane;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the rules said of one request.
 *
 * @param firings everything they did, in order
 * @param excluded engines that may not answer, and the first reason
 * @param unknown engines whose errors are taken twice as wide
 * @param lane how to batch it
 * @param maxTokens limit on the answer
 * @param speculate whether tokens may be guessed ahead and checked in one step
 * @param classWeight multiplies what the class gives for a good answer
 * @param qualityWeight how much of a difference of quality counts; 1 is all
 * @param mayRelegate whether it may go to the bulk lane when no target can be met
 * @param relegate whether it must
 * @param veto a refusal; null when there is none
 * @param fallback why the rule base did not decide and {@link ConservativeRules} did; null when it
 *     did
 */
public record Ruled(
    List<Firing> firings,
    Map<String, Exclusion> excluded,
    Set<String> unknown,
    Lane lane,
    int maxTokens,
    boolean speculate,
    double classWeight,
    double qualityWeight,
    boolean mayRelegate,
    boolean relegate,
    @Nullable Veto veto,
    @Nullable String fallback) {
  public Ruled {
    firings = List.copyOf(firings);
    excluded = Map.copyOf(excluded);
    unknown = Set.copyOf(unknown);
  }

  Ruled withFallback(String reason) {
    return new Ruled(
        firings,
        excluded,
        unknown,
        lane,
        maxTokens,
        speculate,
        classWeight,
        qualityWeight,
        mayRelegate,
        relegate,
        veto,
        reason);
  }
}
