package dev.gearbox.telemetry.record;

/**
 * What one engine has done since it opened; every number only grows.
 *
 * @param promptTokens prompt tokens of requests that entered the batch, cached ones included
 * @param generatedTokens tokens sampled for requests
 * @param prefixQueryTokens tokens looked up in the prefix cache
 * @param prefixHitTokens tokens of those that it held
 * @param preemptions times that a sequence lost its blocks and was computed anew
 * @param drafts times that tokens were guessed ahead for a sequence
 * @param draftTokens tokens guessed
 * @param acceptedTokens tokens of those that the model would have chosen itself
 */
public record EngineCounters(
    long promptTokens,
    long generatedTokens,
    long prefixQueryTokens,
    long prefixHitTokens,
    long preemptions,
    long drafts,
    long draftTokens,
    long acceptedTokens) {
  public static final EngineCounters NONE = new EngineCounters(0, 0, 0, 0, 0, 0, 0, 0);
}
