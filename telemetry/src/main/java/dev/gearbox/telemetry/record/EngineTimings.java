package dev.gearbox.telemetry.record;

/**
 * Where one request's time went inside an engine, in nanoseconds.
 *
 * @param queued from submission until the first step that carried one of its tokens
 * @param prefill from then until its first token was sampled
 * @param decode from its first token to its last
 */
public record EngineTimings(long queued, long prefill, long decode) {
  public static final EngineTimings NONE = new EngineTimings(0, 0, 0);

  public EngineTimings {
    if (queued < 0 || prefill < 0 || decode < 0) {
      throw new IllegalArgumentException(
          "negative duration: queued=%d prefill=%d decode=%d".formatted(queued, prefill, decode));
    }
  }
}
