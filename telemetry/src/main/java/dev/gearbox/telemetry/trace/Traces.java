package dev.gearbox.telemetry.trace;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TraceContext;
import dev.gearbox.telemetry.record.TraceContext.Span;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Begins and ends the traces of requests. Where nothing is exported, a request keeps the trace that
 * its client is in, so that exemplars and servers behind this one name it. Thread-safe, never
 * blocks.
 */
public sealed interface Traces extends AutoCloseable permits Traces.Off, OtlpTraces {
  /** Passes on what clients say. */
  Traces OFF = new Off();

  /**
   * The trace of a request that arrives; null where it is in none.
   *
   * @param traceparent the header of the client; null without one
   * @param queued whether it comes out of a queue: its trace then is its own, linked to the one
   *     that put it there
   * @param operation {@code chat} or {@code text_completion}
   */
  @Nullable TraceContext begin(@Nullable String traceparent, boolean queued, String operation);

  /** A request has ended. */
  void ended(RequestTimeline timeline);

  /** Traces that were lost, because the collector was slow or did not answer. */
  Lost lost();

  @Override
  void close();

  /**
   * Traces that no collector has.
   *
   * @param queue found no room, because the collector was slower than requests came
   * @param export were refused, or not answered in time
   */
  record Lost(long queue, long export) {}

  /** Exports nothing. */
  final class Off implements Traces {
    private Off() {}

    @Override
    public @Nullable TraceContext begin(
        @Nullable String traceparent, boolean queued, String operation) {
      Span client = TraceParent.parse(traceparent);
      return client == null
          ? null
          : new TraceContext(
              client.traceId(), client.spanId(), client, null, client.sampled(), operation);
    }

    @Override
    public void ended(RequestTimeline timeline) {}

    @Override
    public Lost lost() {
      return new Lost(0, 0);
    }

    @Override
    public void close() {}
  }

  /** Random, not zero, of so many hexadecimal digits: 16 or 32. */
  static String newId(int digits) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    String low = HexFormat.of().toHexDigits(random.nextLong() | 1);
    return digits == 16 ? low : HexFormat.of().toHexDigits(random.nextLong()) + low;
  }
}
