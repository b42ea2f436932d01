package dev.gearbox.gateway.api;

import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * On what terms a request is to be answered.
 *
 * @param serviceClass its class
 * @param tier {@code service_tier} that the answer names
 * @param targets the request's own over those of its class
 * @param patience how long the client waits for its next bytes; null when it did not say
 */
public record Terms(
    ServiceClass serviceClass, String tier, Targets targets, @Nullable Duration patience) {}
