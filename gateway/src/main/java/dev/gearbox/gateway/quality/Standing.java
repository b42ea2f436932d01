package dev.gearbox.gateway.quality;

import org.jspecify.annotations.Nullable;

/**
 * Where a variant stands; gaps are nats per byte, and null where they are not known.
 *
 * @param answers that the figures look back on
 * @param gap mean
 * @param surely what the mean is at least
 * @param kl mean over answers that were sampled as the variant has it
 * @param limit what its measured quality allows
 */
public record Standing(
    String variant,
    String reference,
    int answers,
    @Nullable Double gap,
    @Nullable Double surely,
    @Nullable Double kl,
    @Nullable Double limit,
    boolean drifted,
    boolean revoked) {}
