package dev.gearbox.policy.choose;

import dev.gearbox.policy.fact.CandidateFacts;
import java.util.List;
import java.util.Set;

/**
 * What is chosen from and how it is weighed.
 *
 * @param allowed candidates that the rules allow
 * @param unknown engines whose errors count double
 * @param classValue points that a perfect answer in time is worth
 * @param qualityWeight how much of a difference of quality counts; 1 is all
 * @param costWeight points per unit of cost
 * @param explorable whether the request may try another candidate
 * @param relegate whether it goes to the cheapest candidate whatever the score
 * @param cautious whether the least work wins rather than the best score
 * @param seed of the exploration and of the pick among equals
 */
public record Question(
    List<CandidateFacts> allowed,
    Set<String> unknown,
    double classValue,
    double qualityWeight,
    double costWeight,
    boolean explorable,
    boolean relegate,
    boolean cautious,
    long seed) {
  public Question {
    allowed = List.copyOf(allowed);
    unknown = Set.copyOf(unknown);
  }
}
