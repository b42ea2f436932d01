package dev.gearbox.runtime.schedule;

/**
 * A small model that guesses for the sequences of a large one, as the scheduler sees it: what its
 * guesses cost. It follows a sequence behind the large model, and only when it is asked.
 */
public interface Drafter {
  /** Guesses that it may be asked for at once for this sequence; 0 when it cannot guess for it. */
  int mostGuesses(Sequence sequence);

  /** Tokens of the sequence that it has to compute before it guesses; at least 1. */
  int behind(Sequence sequence);

  /** Tokens that it computes in one step at most. */
  int maxStepTokens();

  /** Duration of its step of {@code tokens} tokens, of a sequence each; 0 before the first. */
  double stepNanos(int tokens);

  /** Duration that one more token adds where it catches up; 0 before the first. */
  double catchUpTokenNanos();
}
