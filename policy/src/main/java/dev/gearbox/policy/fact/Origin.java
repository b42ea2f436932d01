package dev.gearbox.policy.fact;

import org.jspecify.annotations.Nullable;

/**
 * How a request came, as a fact of its own for rules.
 *
 * @param queued whether it was put into a queue, Kafka's or that of a batch, where nobody waits on
 *     the line for it
 * @param age seconds since it was put there
 * @param lag requests that waited with it when it was taken: in the partitions that its gateway
 *     reads, or behind it in its file
 * @param gap seconds since the request before it was taken from its queue; null for the first, for
 *     calls, and in records from before it was kept
 * @param slack seconds until its deadline when it was taken; null without one, and for calls
 */
public record Origin(
    boolean queued, double age, long lag, @Nullable Double gap, @Nullable Double slack) {
  /** A call: somebody waits on the line. */
  public static final Origin CALL = new Origin(false, 0, 0, null, null);
}
