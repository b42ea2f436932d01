/**
 * How classes of requests stand against their objectives. {@link
 * dev.gearbox.telemetry.attain.ErrorBudgets} is the door: it counts ends of requests in sliding
 * windows and gives burn rates and what is left of each budget. The policy counts, rules and
 * metrics read. Knows no policy and no clock: callers say what time it is.
 */
@NullMarked
package dev.gearbox.telemetry.attain;

import org.jspecify.annotations.NullMarked;
