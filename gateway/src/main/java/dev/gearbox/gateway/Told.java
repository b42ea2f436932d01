package dev.gearbox.gateway;

import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.dispatch.Dispatcher.Wanted;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a client was told of one answer, and how fast: enough for another engine to go on with it.
 * One thread at a time writes; any may look at the pace.
 */
final class Told {
  /** Tokens over which the rate is measured. */
  private static final int WINDOW = 16;

  private final int index;
  private final StringBuilder text = new StringBuilder();
  private final long[] times = new long[WINDOW];
  private int[] ids = new int[WINDOW];
  private int count;
  private boolean known = true;
  private boolean ended;

  /** Of the answer that goes on: tokens of its beginning, and how many of them come again. */
  private int kept;

  private int again;
  private String carried = "";

  /** Of the answer with this index. */
  Told(int index) {
    this.index = index;
  }

  synchronized boolean ended() {
    return ended;
  }

  synchronized int count() {
    return count;
  }

  synchronized void token(TokenEvent.Token token, long now) {
    text.append(token.text());
    known &= token.id() >= 0;
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * count);
    }
    ids[count] = token.id();
    times[count % WINDOW] = now;
    count++;
  }

  synchronized void end() {
    ended = true;
  }

  /** Nanoseconds that a token takes, silence since the last one included; 0 while not known. */
  synchronized long pace(long now) {
    return ended || count < WINDOW ? 0 : (now - times[count % WINDOW]) / WINDOW;
  }

  /**
   * The prompt with what was told.
   *
   * @param sameTokens whether its reader has the tokens of whoever told it
   */
  Prompt.Begun begun(Prompt prompt, boolean sameTokens) {
    // A client may have sent the beginning of the answer itself.
    if (prompt instanceof Prompt.Begun(Prompt of, String before, TokenIds tokens)) {
      known = false;
      return new Prompt.Begun(of, before + text, TokenIds.EMPTY);
    }
    known &= sameTokens;
    TokenIds tokens = known ? TokenIds.of(Arrays.copyOf(ids, count)) : TokenIds.EMPTY;
    return new Prompt.Begun(prompt, text.toString(), tokens);
  }

  /** What another engine is asked for; null where nothing but the end is missing. */
  @Nullable Wanted goOn(TokenIds encoded, TokenIds prompt, Prompt.Begun source, int maxTokens) {
    kept = source.tokens().size() > 0 ? encoded.size() - prompt.size() : count;
    again = Math.max(0, count - kept);
    carried = "";
    return kept >= maxTokens ? null : new Wanted(index, encoded, source, maxTokens - kept);
  }

  /** The end of an answer whose tokens had all been told. */
  LineEvent.Ended complete(TokenIds prompt) {
    end();
    var counts = new TokenCounts(prompt.size(), 0, count);
    return new LineEvent.Ended(
        index, new TokenEvent.Finished(FinishReason.LENGTH, "", counts, EngineTimings.NONE));
  }

  /**
   * A token of the engine that goes on; null where the client has it, and only its text, which the
   * next one brings, was missing.
   */
  @Nullable LineEvent next(TokenEvent.Token token) {
    String whole = carried + token.text();
    carried = again > 0 ? whole : "";
    if (again > 0) {
      again--;
      return null;
    }
    return new LineEvent.Token(index, new TokenEvent.Token(token.id(), whole, token.logprob()));
  }

  /** The end by the engine that goes on, as if it had answered from the start. */
  LineEvent.Ended last(TokenEvent.Finished end) {
    TokenCounts counts = end.tokens();
    int prompt = Math.max(0, counts.prompt() - kept);
    return new LineEvent.Ended(
        index,
        new TokenEvent.Finished(
            end.reason(),
            carried + end.text(),
            new TokenCounts(prompt, Math.min(counts.cached(), prompt), kept + counts.generated()),
            end.timings()));
  }
}
