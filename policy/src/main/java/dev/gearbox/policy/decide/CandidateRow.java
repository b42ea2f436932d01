package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.rule.Exclusion;
import org.jspecify.annotations.Nullable;

/**
 * One line of the candidate table.
 *
 * @param facts what was known of it
 * @param excluded why it was not allowed; null when it was
 * @param score what it was worth; null when it was not allowed
 */
public record CandidateRow(
    CandidateFacts facts, @Nullable Exclusion excluded, @Nullable Score score) {}
