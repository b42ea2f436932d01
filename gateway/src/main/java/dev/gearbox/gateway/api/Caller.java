package dev.gearbox.gateway.api;

/**
 * Who asks.
 *
 * @param tenant name of the tenant; {@code local} for loopback without keys
 * @param serviceClass name of the class that its requests get unless they ask for another
 * @param cacheSalt mixed into the prefix hash, so that tenants do not share cached blocks
 */
public record Caller(String tenant, String serviceClass, String cacheSalt) {}
