/**
 * What is allowed and what matters. {@link dev.gearbox.policy.rule.RuleBase} compiles {@code .drl}
 * texts once and applies them to the facts of one request; rules speak through {@link
 * dev.gearbox.policy.rule.Ruling} and everything they do is written down as a {@link
 * dev.gearbox.policy.rule.Firing}. Rules exclude, set floors and ceilings, choose the lane, cap the
 * answer, relegate and refuse; they compute no scores. {@link
 * dev.gearbox.policy.rule.ConservativeRules} hold when no rule base does.
 */
@NullMarked
package dev.gearbox.policy.rule;

import org.jspecify.annotations.NullMarked;
