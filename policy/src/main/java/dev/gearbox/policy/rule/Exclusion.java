package dev.gearbox.policy.rule;

/**
 * Why one candidate may not answer: its {@code value} should have been {@code operator threshold}.
 *
 * @param rule name of the rule
 * @param reason kind of reason
 * @param value what was found
 * @param operator how it should relate to the threshold
 * @param threshold what it was held against
 */
public record Exclusion(
    String rule, Reason reason, String value, String operator, String threshold) {}
