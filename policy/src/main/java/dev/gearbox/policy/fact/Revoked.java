package dev.gearbox.policy.fact;

/**
 * Why a variant answers no more, though nobody asked it to stop: audits of what it answered found
 * it further from its model's reference than its measured quality explains.
 *
 * @param gap nats per byte of answer by which the reference finds its answers less likely than it
 *     does itself, surely at least
 * @param limit nats per byte that were allowed
 */
public record Revoked(double gap, double limit) {}
