package dev.gearbox.policy.predict;

/**
 * What a request would add to a device if it joined.
 *
 * @param engine that it would join
 * @param prefill seconds that its prompt takes, once
 * @param cycle seconds that it adds to every turn of the device: its own token, and reading the
 *     weights where nobody else has the engine running
 * @param tokens turns that it stays for
 */
public record Joining(String engine, double prefill, double cycle, int tokens) {}
