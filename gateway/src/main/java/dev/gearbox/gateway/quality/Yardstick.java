package dev.gearbox.gateway.quality;

import org.jspecify.annotations.Nullable;

/**
 * What a variant is held against.
 *
 * @param reference variant whose quality is 1.0
 * @param gap nats per byte by which the variant found the evaluation corpus less likely; null when
 *     either was never measured
 */
public record Yardstick(String reference, @Nullable Double gap) {}
