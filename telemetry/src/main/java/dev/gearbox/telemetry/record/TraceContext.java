package dev.gearbox.telemetry.record;

import org.jspecify.annotations.Nullable;

/**
 * Where a request is in a trace, by the ids of W3C Trace Context.
 *
 * @param traceId 32 hexadecimal digits
 * @param spanId 16 hexadecimal digits: the span of the request itself, parent of all within
 * @param parent what the request continues; null for the beginning of a trace
 * @param link what it follows from in another trace, as work out of a queue does; null for nothing
 * @param sampled whether it is recorded
 * @param operation what is done, by OpenTelemetry's GenAI names: {@code chat} or {@code
 *     text_completion}
 */
public record TraceContext(
    String traceId,
    String spanId,
    @Nullable Span parent,
    @Nullable Span link,
    boolean sampled,
    String operation) {

  /** A span of elsewhere. */
  public record Span(String traceId, String spanId, boolean sampled) {}

  /** The header {@code traceparent} for what is done on the request's behalf. */
  public String header() {
    return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
  }
}
