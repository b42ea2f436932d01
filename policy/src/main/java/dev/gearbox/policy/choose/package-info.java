/**
 * Filter, score, pick: pure functions from what the rules allow to one candidate, and the prices
 * they are told. {@link dev.gearbox.policy.choose.Chooser} is the door. Knows no rules, no clock
 * and no formats.
 */
@NullMarked
package dev.gearbox.policy.choose;

import org.jspecify.annotations.NullMarked;
