package dev.gearbox.runtime;

import org.jspecify.annotations.Nullable;

/**
 * A small variant that guesses for the engine of a larger one with the same vocabulary.
 *
 * @param variant which
 * @param runner belongs to the engine and is closed with it
 * @param tokens guessed ahead at most, at least 1
 */
public record DraftSpec(String variant, ModelRunner runner, int tokens) {
  public DraftSpec {
    if (tokens < 1) {
      throw new IllegalArgumentException("a draft guesses 1 token or more, got " + tokens);
    }
  }

  /** Bytes that one block takes for the model and for the draft, which follows it in its own. */
  public static long bytesPerBlock(ModelRunner runner, @Nullable DraftSpec draft) {
    return runner.bytesPerBlock() + (draft == null ? 0 : draft.runner().bytesPerBlock());
  }
}
