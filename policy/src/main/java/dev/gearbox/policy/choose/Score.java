package dev.gearbox.policy.choose;

import dev.gearbox.policy.fact.CandidateFacts;

/**
 * What a candidate is worth, term by term, in points: {@code total = value − damage − congestion −
 * cost − opening}.
 *
 * @param quality quality that was counted: the variant's, with its distance from 1 weighted
 * @param meets probability of meeting every target that was counted
 * @param value class value · quality · meets: quality that arrives late is worth nothing
 * @param damage what joining costs the requests already on the device
 * @param congestion price of the device · work
 * @param cost weight · cost of the request
 * @param opening what an engine that is not open must be ahead of those that are
 * @param total of the above
 */
public record Score(
    double quality,
    double meets,
    double value,
    double damage,
    double congestion,
    double cost,
    double opening,
    double total) {

  static Score of(CandidateFacts candidate, Question question, ChoiceOptions options) {
    Double measured = candidate.quality();
    double known = measured == null ? options.unknownQuality() : measured;
    double quality = Math.max(0, 1 - question.qualityWeight() * (1 - known));
    double meets =
        question.unknown().contains(candidate.engine())
            ? candidate.forecast().meetsIfUnknown()
            : candidate.forecast().meets();
    double value = question.classValue() * quality * meets;
    double congestion = candidate.price() * candidate.forecast().work();
    double cost = question.costWeight() * candidate.cost();
    double opening = candidate.open() ? 0 : options.openingMargin() * question.classValue();
    return new Score(
        quality,
        meets,
        value,
        candidate.damage(),
        congestion,
        cost,
        opening,
        value - candidate.damage() - congestion - cost - opening);
  }

  /** Points that it earns if it meets every target; 0 where it never will. */
  public double worth() {
    return meets > 0 ? value / meets : 0;
  }
}
