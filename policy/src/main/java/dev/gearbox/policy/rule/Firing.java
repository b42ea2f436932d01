package dev.gearbox.policy.rule;

import org.jspecify.annotations.Nullable;

/**
 * One thing that a rule did.
 *
 * @param rule its name
 * @param description its description
 * @param effect what it did: {@code exclude}, {@code unknown}, {@code floor}, {@code ceiling},
 *     {@code lane}, {@code cap}, {@code weight}, {@code relegate} or {@code refuse}
 * @param candidate engine that it did it to; null when to the request
 * @param value what was found, or what was set
 * @param operator how value and threshold should have related; null when nothing was compared
 * @param threshold what it was held against; null when nothing was compared
 */
public record Firing(
    String rule,
    String description,
    String effect,
    @Nullable String candidate,
    String value,
    @Nullable String operator,
    @Nullable String threshold) {}
