/**
 * Rules on trial: scenarios that say what is given and what is expected, a search through made-up
 * states for what a rule base must never do, and recorded decisions made again. Everything decides
 * with {@link dev.gearbox.policy.decide.Trial}, as a running gateway does.
 */
@NullMarked
package dev.gearbox.gateway.scenario;

import org.jspecify.annotations.NullMarked;
