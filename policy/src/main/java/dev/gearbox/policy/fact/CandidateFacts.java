package dev.gearbox.policy.fact;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One engine that might answer one request: what rules see of it and what the choice reads.
 *
 * @param engine id of the engine
 * @param variant its variant
 * @param pool its pool
 * @param device the device that it shares
 * @param state where it is in its life
 * @param signalAge seconds since the engine last spoke
 * @param quality of the variant; null when unknown
 * @param techniques what made the variant
 * @param features what requests may ask of it
 * @param maxContext tokens of prompt and answer together
 * @param promptTokens prompt length in this variant's tokens; −1 when it could not be encoded
 * @param cachedTokens prompt tokens that its prefix cache is expected to hold
 * @param expectedTokens length of the answer that is expected
 * @param running sequences in its batch
 * @param waiting sequences in its queue, those booked and not yet seen included
 * @param maxSequences sequences that fit its batch
 * @param kvUsage share of its KV memory in use, 0 to 1
 * @param cost expected cost of the request, in the configured currency
 * @param open whether it costs nobody an engine more: it runs or was chosen within five seconds, or
 *     no engine of its device is
 * @param forecast what the latency model expects
 * @param damage points that joining is expected to cost the requests already on the device, for
 *     what it takes from their chances of being in time; at least 0
 * @param price points per device-second of the device
 * @param revoked why the variant answers no more; null while it may
 */
public record CandidateFacts(
    String engine,
    String variant,
    String pool,
    String device,
    EngineSignal.State state,
    double signalAge,
    @Nullable Double quality,
    Set<String> techniques,
    Set<Feature> features,
    int maxContext,
    int promptTokens,
    int cachedTokens,
    int expectedTokens,
    int running,
    int waiting,
    int maxSequences,
    double kvUsage,
    double cost,
    boolean open,
    Forecast forecast,
    double damage,
    double price,
    @Nullable Revoked revoked) {
  private static final int QUEUED_BATCHES = 4;

  public CandidateFacts {
    techniques = Set.copyOf(techniques);
    features = Set.copyOf(features);
  }

  /** The same on a device of another price. */
  public CandidateFacts withPrice(double other) {
    return new CandidateFacts(
        engine,
        variant,
        pool,
        device,
        state,
        signalAge,
        quality,
        techniques,
        features,
        maxContext,
        promptTokens,
        cachedTokens,
        expectedTokens,
        running,
        waiting,
        maxSequences,
        kvUsage,
        cost,
        open,
        forecast,
        damage,
        other,
        revoked);
  }

  /** Requests that may wait for it before its queue counts as full: four batches. */
  public int queueLimit() {
    return QUEUED_BATCHES * maxSequences;
  }

  public boolean ready() {
    return state == EngineSignal.State.READY;
  }

  /** Whether it will be ready if one waits. */
  public boolean coming() {
    return state == EngineSignal.State.LOADING || state == EngineSignal.State.WARMING;
  }
}
