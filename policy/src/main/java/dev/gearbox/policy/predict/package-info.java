/**
 * How long it will take. {@link dev.gearbox.policy.predict.StepModel} learns step times, {@link
 * dev.gearbox.policy.predict.LatencyModel} makes time to first token and time per token of them,
 * {@link dev.gearbox.policy.predict.ErrorBand} says how wrong that usually is. Called by the
 * policy; knows nothing of rules or scores. Thread-safe unless a class says otherwise.
 */
@NullMarked
package dev.gearbox.policy.predict;

import org.jspecify.annotations.NullMarked;
