/**
 * What the next step computes: {@link dev.gearbox.runtime.schedule.Scheduler#schedule} turns the
 * running and waiting sequences of one engine into a {@link dev.gearbox.runtime.schedule.StepPlan}.
 * No clock, no thread, no silicon; confined to the device's owner thread.
 */
@NullMarked
package dev.gearbox.runtime.schedule;

import org.jspecify.annotations.NullMarked;
