package dev.gearbox.remote.wire;

import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenEvent.Logprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one event of an answer says.
 *
 * @param text that it adds
 * @param tokens ids that it adds; empty where the server does not tell
 * @param logprobs of its tokens; empty without any
 * @param finish why the answer ended; null while it goes on
 * @param usage tokens counted by the server; null in all events but one
 * @param done whether it ends the stream
 */
public record Chunk(
    String text,
    List<Integer> tokens,
    List<Logprob> logprobs,
    @Nullable FinishReason finish,
    @Nullable Counted usage,
    boolean done) {
  /** {@code [DONE]}. */
  static final Chunk DONE = new Chunk("", List.of(), List.of(), null, null, true);

  public Chunk {
    tokens = List.copyOf(tokens);
    logprobs = List.copyOf(logprobs);
  }

  /** Whether it adds to the answer. */
  public boolean answers() {
    return !text.isEmpty() || !tokens.isEmpty() || !logprobs.isEmpty();
  }

  /** Tokens as the server counted them. */
  public record Counted(int prompt, int cached, int generated) {}
}
