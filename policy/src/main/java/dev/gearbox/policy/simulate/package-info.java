/**
 * Virtual time: the policy that serves and the scheduler that batches, on engines whose steps take
 * what a profile says. {@link dev.gearbox.policy.simulate.Simulation} is the door; {@link
 * dev.gearbox.policy.simulate.Traffic} makes arrivals, {@link dev.gearbox.policy.simulate.Arm} is
 * whoever decides. Deterministic: equal seeds give equal runs. Only the command line calls it;
 * nothing that serves does.
 */
@NullMarked
package dev.gearbox.policy.simulate;

import org.jspecify.annotations.NullMarked;
