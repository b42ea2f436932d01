package dev.gearbox.telemetry.signal;

/**
 * What one engine said of itself.
 *
 * @param engine id, see {@link EngineNames}
 * @param pool pool it belongs to
 * @param variant variant it runs
 * @param device id of the device that it shares with others
 * @param state where it is in its life
 * @param running sequences in the batch
 * @param waiting sequences queued before their first step
 * @param pendingPrefillTokens prompt tokens not yet computed, of running and waiting sequences
 * @param contextTokens context length summed over running sequences
 * @param maxSequences sequences that fit a batch
 * @param kvBlocksFree free blocks of the KV pool
 * @param kvBlocksTotal blocks of the KV pool
 * @param takenNanos when requests were counted, on the injected monotonic clock
 * @param heardNanos when whoever does the work last gave a sign of life, on the same clock
 * @param maxLoras adapters that it may serve beside its variant; 0 where it serves none
 */
public record EngineSignal(
    String engine,
    String pool,
    String variant,
    String device,
    State state,
    int running,
    int waiting,
    int pendingPrefillTokens,
    long contextTokens,
    int maxSequences,
    int kvBlocksFree,
    int kvBlocksTotal,
    long takenNanos,
    long heardNanos,
    int maxLoras) {

  /** The signal of an engine that serves no adapters and was heard when it was counted. */
  public EngineSignal(
      String engine,
      String pool,
      String variant,
      String device,
      State state,
      int running,
      int waiting,
      int pendingPrefillTokens,
      long contextTokens,
      int maxSequences,
      int kvBlocksFree,
      int kvBlocksTotal,
      long takenNanos) {
    this(
        engine,
        pool,
        variant,
        device,
        state,
        running,
        waiting,
        pendingPrefillTokens,
        contextTokens,
        maxSequences,
        kvBlocksFree,
        kvBlocksTotal,
        takenNanos,
        takenNanos,
        0);
  }

  /** Life of an engine; only {@link #READY} ones take requests. */
  public enum State {
    /** Weights are being fetched or read. */
    LOADING,
    /** Compiling and running its warm-up prompt. */
    WARMING,
    READY,
    /** Finishes what it has, takes nothing new. */
    DRAINING,
    FAILED,
    CLOSED
  }

  /** Share of the KV pool in use, 0 to 1; 0 for an engine without one. */
  public double kvUsage() {
    return kvBlocksTotal == 0 ? 0 : 1 - (double) kvBlocksFree / kvBlocksTotal;
  }
}
