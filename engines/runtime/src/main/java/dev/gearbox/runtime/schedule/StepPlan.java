package dev.gearbox.runtime.schedule;

import dev.gearbox.engine.Lane;
import dev.gearbox.telemetry.record.StepRecord;
import java.util.List;

/**
 * What one step computes.
 *
 * @param chunks in the order of the batch, each sequence once
 * @param admitted sequences that waited and are in the batch from this step on
 * @param preempted sequences that lost their blocks and wait again
 * @param asked what a draft model computes first, where there is one
 */
public record StepPlan<S extends Sequence>(
    List<Chunk<S>> chunks, List<Admitted<S>> admitted, List<S> preempted, List<Asked<S>> asked) {

  /**
   * Tokens of one sequence in one step.
   *
   * @param sequence whose
   * @param from index of the first
   * @param count number of tokens, at least 1
   * @param decode whether it is the step of a running answer rather than of a prompt: its last
   *     token, and behind that the guessed ones
   */
  public record Chunk<S extends Sequence>(S sequence, int from, int count, boolean decode) {
    /** Whether all tokens are computed with this chunk, so that the next is sampled. */
    public boolean last() {
      return decode || from + count == sequence.size();
    }

    /** Rows of logits that it asks for. */
    public int rows() {
      return sequence.rows(from, count);
    }

    /** Tokens of it that are guessed. */
    public int drafts() {
      return decode ? count - 1 : 0;
    }
  }

  /**
   * A sequence that entered the batch.
   *
   * @param cached tokens that the prefix index spared it
   */
  public record Admitted<S extends Sequence>(S sequence, int cached) {}

  /**
   * What a draft model does for a sequence.
   *
   * @param sequence whose
   * @param count tokens of it that the draft computes first, at least 1
   * @param guesses tokens that it then guesses, one after the other; 0: it only catches up
   */
  public record Asked<S extends Sequence>(S sequence, int count, int guesses) {}

  /** Tokens in all. */
  public int tokens() {
    int sum = 0;
    for (Chunk<S> chunk : chunks) {
      sum += chunk.count();
    }
    return sum;
  }

  /** Sequences that decode. */
  public int decodes() {
    int sum = 0;
    for (Chunk<S> chunk : chunks) {
      sum += chunk.decode() ? 1 : 0;
    }
    return sum;
  }

  private long decodeContext() {
    long sum = 0;
    for (Chunk<S> chunk : chunks) {
      sum += chunk.decode() ? chunk.from() + chunk.count() : 0;
    }
    return sum;
  }

  public int prefillTokens() {
    int sum = 0;
    for (Chunk<S> chunk : chunks) {
      sum += chunk.decode() ? 0 : chunk.count();
    }
    return sum;
  }

  /** What the step was, once it is done. */
  public StepRecord record(
      String engine, String device, long otherStepsNanos, long nanos, long endedNanos) {
    double prefillContext = 0;
    for (Chunk<S> chunk : chunks) {
      double middle = chunk.from() + chunk.count() / 2.0;
      prefillContext += chunk.decode() ? 0 : chunk.count() * middle;
    }
    return new StepRecord(
        engine,
        device,
        decodes(),
        decodeContext(),
        prefillTokens(),
        prefillContext,
        otherStepsNanos,
        nanos,
        endedNanos);
  }

  /** Whether nobody in it is waited for. */
  public boolean isBulk() {
    for (Chunk<S> chunk : chunks) {
      if (chunk.sequence().request().lane() != Lane.BULK) {
        return false;
      }
    }
    return true;
  }

  /** Whether it scores an answer, which no step does beside anything else. */
  public boolean scores() {
    return !chunks.isEmpty() && chunks.getFirst().sequence().scores();
  }

  public boolean isEmpty() {
    return chunks.isEmpty();
  }
}
