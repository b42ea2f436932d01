package dev.gearbox.telemetry.record;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request from arrival to end: the last hand-off of the line, from which metrics are counted
 * and the policy learns. All instants are nanoseconds on the injected monotonic clock; 0 where the
 * request never got that far.
 *
 * @param requestId id of the request
 * @param decisionId id of the decision record; null when refused before a decision
 * @param model the model that was asked for
 * @param variant variant that answered; null when none did
 * @param pool pool that answered; null when none did
 * @param engine engine that answered; null when none did
 * @param begunBy engines that began the answer and could not end it, in that order; empty as a rule
 * @param serviceClass name of the request's class
 * @param tenant name of the tenant
 * @param streaming whether the client asked for a stream
 * @param arrived first byte of the request parsed
 * @param admitted admission granted a permit
 * @param decided the policy chose
 * @param firstToken the first token reached the gateway
 * @param ended the last event reached the gateway
 * @param tokens what was computed
 * @param timings what the engine says of its part
 * @param outcome how it ended
 * @param code HTTP status that the client saw, or would have seen
 * @param trace where it is in a trace; null where it is in none
 */
public record RequestTimeline(
    String requestId,
    @Nullable String decisionId,
    String model,
    @Nullable String variant,
    @Nullable String pool,
    @Nullable String engine,
    List<String> begunBy,
    String serviceClass,
    String tenant,
    boolean streaming,
    long arrived,
    long admitted,
    long decided,
    long firstToken,
    long ended,
    TokenCounts tokens,
    EngineTimings timings,
    Outcome outcome,
    int code,
    @Nullable TraceContext trace) {
  public RequestTimeline {
    begunBy = List.copyOf(begunBy);
  }

  /** A request that is in no trace and was answered by one engine at most. */
  public RequestTimeline(
      String requestId,
      @Nullable String decisionId,
      String model,
      @Nullable String variant,
      @Nullable String pool,
      @Nullable String engine,
      String serviceClass,
      String tenant,
      boolean streaming,
      long arrived,
      long admitted,
      long decided,
      long firstToken,
      long ended,
      TokenCounts tokens,
      EngineTimings timings,
      Outcome outcome,
      int code) {
    this(
        requestId,
        decisionId,
        model,
        variant,
        pool,
        engine,
        List.of(),
        serviceClass,
        tenant,
        streaming,
        arrived,
        admitted,
        decided,
        firstToken,
        ended,
        tokens,
        timings,
        outcome,
        code,
        null);
  }

  /** The same in a trace. */
  public RequestTimeline in(TraceContext place) {
    return new RequestTimeline(
        requestId,
        decisionId,
        model,
        variant,
        pool,
        engine,
        begunBy,
        serviceClass,
        tenant,
        streaming,
        arrived,
        admitted,
        decided,
        firstToken,
        ended,
        tokens,
        timings,
        outcome,
        code,
        place);
  }

  /** Time to first token in seconds, counted from arrival; NaN when there was none. */
  public double ttftSeconds() {
    return firstToken == 0 ? Double.NaN : (firstToken - arrived) / 1e9;
  }

  /** Time per output token after the first in seconds; NaN with fewer than two tokens. */
  public double tpotSeconds() {
    return firstToken == 0 || tokens.generated() < 2
        ? Double.NaN
        : (ended - firstToken) / 1e9 / (tokens.generated() - 1);
  }

  /** Arrival to end in seconds. */
  public double totalSeconds() {
    return (ended - arrived) / 1e9;
  }
}
