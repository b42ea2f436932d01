/**
 * The door to the policy: {@link dev.gearbox.policy.decide.PolicyEngine} takes facts and a snapshot
 * and gives a {@link dev.gearbox.policy.decide.Decision} with the record of why. Books the work it
 * hands out and keeps the records in a bounded ring.
 */
@NullMarked
package dev.gearbox.policy.decide;

import org.jspecify.annotations.NullMarked;
