package dev.gearbox.gateway.admission;

/**
 * A request that may go on.
 *
 * @param permits permits that it holds
 * @param grantedNanos when it got them, on the injected monotonic clock
 */
public record Admission(int permits, long grantedNanos) {}
