package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.rule.Firing;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a request got the gear it got. Holds facts, no text of the client, and all that is needed to
 * decide again.
 *
 * @param id of the decision
 * @param time when it was made
 * @param policyVersion version of the rules
 * @param seed of its exploration and of its pick among equals
 * @param request facts of the request
 * @param boost how much more its class was worth for being behind its objective
 * @param signalAge seconds since the candidate that was silent longest spoke
 * @param rules everything the rules did
 * @param fallback why the built-in rules decided instead; null when they did not
 * @param candidates the candidate table: by score, excluded ones last
 * @param chosen engine; null when refused
 * @param runnerUp engine with the next best score; null when there is none
 * @param margin points that the chosen one is ahead of the runner-up, below 0 where one that is as
 *     good as the best was picked; null without one
 * @param explored whether it was drawn rather than won
 * @param relegated whether it runs late on purpose
 * @param receipt what it costs the others; null when refused
 * @param decision what was answered
 * @param actual what became of it; null until the request ends
 */
public record DecisionRecord(
    String id,
    Instant time,
    String policyVersion,
    long seed,
    RequestFacts request,
    double boost,
    double signalAge,
    List<Firing> rules,
    @Nullable String fallback,
    List<CandidateRow> candidates,
    @Nullable String chosen,
    @Nullable String runnerUp,
    @Nullable Double margin,
    boolean explored,
    boolean relegated,
    @Nullable CongestionReceipt receipt,
    Decision decision,
    @Nullable Actual actual) {
  public DecisionRecord {
    rules = List.copyOf(rules);
    candidates = List.copyOf(candidates);
  }

  DecisionRecord ended(Actual outcome) {
    return new DecisionRecord(
        id,
        time,
        policyVersion,
        seed,
        request,
        boost,
        signalAge,
        rules,
        fallback,
        candidates,
        chosen,
        runnerUp,
        margin,
        explored,
        relegated,
        receipt,
        decision,
        outcome);
  }

  /** The line of the candidate that was chosen; null when none was. */
  public @Nullable CandidateRow chosenRow() {
    return row(chosen);
  }

  @Nullable CandidateRow row(@Nullable String engine) {
    for (CandidateRow row : candidates) {
      if (row.facts().engine().equals(engine)) {
        return row;
      }
    }
    return null;
  }
}
