package dev.gearbox.policy.rule;

/**
 * A rule of a rule base.
 *
 * @param name its name
 * @param description what it says of itself in {@code @Description}
 */
public record RuleInfo(String name, String description) {}
