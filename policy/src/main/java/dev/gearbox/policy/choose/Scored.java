package dev.gearbox.policy.choose;

import dev.gearbox.policy.fact.CandidateFacts;

/** A candidate and its score. */
public record Scored(CandidateFacts candidate, Score score) {}
