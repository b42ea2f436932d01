package dev.gearbox.remote;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenEvent.Logprob;
import dev.gearbox.remote.wire.Chunk;
import dev.gearbox.remote.wire.ChunkReader;
import dev.gearbox.remote.wire.EventReader;
import dev.gearbox.remote.wire.WireException;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A server's answer to one request: bytes in, token events out, and when what happened. Bytes and
 * times may be told and read by any thread; {@link #next} by one at a time.
 */
final class Answer {
  /** Bytes of an answer at most, and for each of its tokens beyond. */
  private static final long MOST_BYTES = 4L << 20;

  private static final long MOST_BYTES_PER_TOKEN = 65_536;

  private final LongSupplier clock;
  private final EventReader events;
  private final ChunkReader chunks;
  private final Queue<byte[]> input = new ConcurrentLinkedQueue<>();
  private final Deque<TokenEvent> ready = new ArrayDeque<>();
  private final StringBuilder heldBack = new StringBuilder();
  private final int promptTokens;
  private final long asked;
  private boolean starved;
  private boolean tellsTokens;
  private boolean first;
  private @Nullable FinishReason finish;
  private volatile Chunk.@Nullable Counted counted;
  private volatile int generated;
  private volatile long launchedNanos;
  private volatile long firstNanos;
  private volatile long lastNanos;
  private volatile long silentSince;
  private volatile boolean waiting;
  private volatile int pauses;

  Answer(GenerationRequest request, ChunkReader chunks, LongSupplier clock) {
    this.clock = clock;
    this.chunks = chunks;
    this.events = new EventReader(MOST_BYTES + MOST_BYTES_PER_TOKEN * request.maxTokens());
    this.promptTokens = request.prompt().size();
    this.asked = clock.getAsLong();
  }

  void feed(byte[] bytes) {
    input.add(bytes);
  }

  /** The request went out. */
  void launched() {
    long now = clock.getAsLong();
    launchedNanos = now;
    silentSince = now;
  }

  /** Nobody reads for the time being, which is not the server's fault. */
  void paused() {
    if (waiting) {
      waiting = false;
      int before = pauses;
      pauses = before + 1;
    }
  }

  /** The server has to send something. */
  void resumed() {
    if (!waiting) {
      waiting = true;
      silentSince = clock.getAsLong();
    }
  }

  /** Whether all bytes that came are read. */
  boolean isStarved() {
    return starved;
  }

  /** Whether the event that {@link #next} gave last was the first token. */
  boolean isFirst() {
    return first;
  }

  /**
   * The next event; null when more bytes are needed.
   *
   * @throws WireException when what came is no answer
   */
  @Nullable TokenEvent next() throws WireException {
    first = false;
    while (true) {
      TokenEvent event = ready.poll();
      if (event != null) {
        if (event instanceof TokenEvent.Token) {
          // Only whoever delivers writes.
          int before = generated;
          generated = before + 1;
          first = before == 0;
        }
        return event;
      }
      EventReader.Event sent = events.next();
      if (sent == null) {
        byte[] more = input.poll();
        starved = more == null;
        if (more == null) {
          return null;
        }
        events.feed(more);
      } else if (sent.comment()) {
        // A sign of life while it waits; in an answer there is nothing to wait for.
        if (firstNanos == 0) {
          silentSince = clock.getAsLong();
        }
      } else {
        accept(chunks.read(sent));
      }
    }
  }

  private void accept(Chunk chunk) throws WireException {
    long now = clock.getAsLong();
    silentSince = now;
    if (chunk.usage() != null) {
      counted = chunk.usage();
    }
    if (chunk.answers()) {
      if (finish != null) {
        throw WireException.broken("the server went on after the answer's end");
      }
      tokens(chunk, now);
    }
    if (chunk.finish() != null) {
      finish = chunk.finish();
    }
    if (chunk.done()) {
      FinishReason reason = finish;
      if (reason == null) {
        throw WireException.broken("the server ended the answer without saying why");
      }
      ready.add(new TokenEvent.Finished(reason, heldBack.toString(), counts(), timings()));
    }
  }

  private void tokens(Chunk chunk, long now) {
    int many = Math.max(chunk.tokens().size(), chunk.logprobs().size());
    tellsTokens |= !chunk.tokens().isEmpty();
    if (many == 0 && tellsTokens) {
      // Text without a token was held back for a stop string that did not come.
      heldBack.append(chunk.text());
      return;
    }
    if (firstNanos == 0) {
      firstNanos = now;
    }
    lastNanos = now;
    for (int i = 0; i < Math.max(1, many); i++) {
      Logprob logprob = i < chunk.logprobs().size() ? chunk.logprobs().get(i) : null;
      int id = i < chunk.tokens().size() ? chunk.tokens().get(i) : ChunkReader.UNKNOWN_TOKEN;
      ready.add(new TokenEvent.Token(id, i == 0 ? chunk.text() : "", logprob));
    }
  }

  /** As the server counted, else as they came. */
  TokenCounts counts() {
    Chunk.Counted known = counted;
    return known == null
        ? new TokenCounts(promptTokens, 0, generated)
        : new TokenCounts(known.prompt(), known.cached(), known.generated());
  }

  private EngineTimings timings() {
    return new EngineTimings(
        Math.max(0, launchedNanos - asked),
        Math.max(1, firstNanos - launchedNanos),
        Math.max(1, lastNanos - firstNanos));
  }

  /** Why the server is given up on; null when it is not. */
  @Nullable String overdue(RemoteSpec.Patience patience, boolean silent, long now) {
    if (!waiting || launchedNanos == 0) {
      return null;
    }
    long quiet = now - silentSince;
    if (silent && quiet > patience.stalled().toNanos()) {
      return "the server stopped answering";
    }
    if (firstNanos == 0) {
      return now - launchedNanos > patience.firstToken().toNanos()
          ? "the server did not begin to answer in time"
          : null;
    }
    return quiet > patience.idle().toNanos() ? "the server stopped in the middle" : null;
  }

  int promptTokens() {
    return promptTokens;
  }

  /** Tokens that came. */
  int generated() {
    return generated;
  }

  boolean begun() {
    return firstNanos != 0;
  }

  long launchedNanos() {
    return launchedNanos;
  }

  long firstNanos() {
    return firstNanos;
  }

  long lastNanos() {
    return lastNanos;
  }

  /** Times that its reader let it wait. */
  int pauses() {
    return pauses;
  }
}
