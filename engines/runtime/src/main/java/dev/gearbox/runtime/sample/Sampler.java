package dev.gearbox.runtime.sample;

import dev.gearbox.engine.SamplingSpec;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Picks the tokens of one sequence: logit bias, penalties, temperature, top-k, top-p, min-p, in
 * this order, then one draw. Equal seeds and equal logits give equal tokens. Where probabilities
 * tie, the lower id goes first.
 */
public final class Sampler {
  /** Less likely than e⁻³⁰ of the likeliest: beyond the resolution of float sums. */
  private static final double NEGLIGIBLE = -30;

  private final SamplingSpec spec;
  private final SplittableRandom random;
  private final TokenTally tally = new TokenTally();
  private final boolean penalizes;
  private final SamplingBuffers buffers;

  /**
   * @param seed used when the spec names none
   * @param prompt tokens that the repetition penalty counts as seen
   * @param buffers shared by the samplers of one thread
   */
  public Sampler(SamplingSpec spec, long seed, int[] prompt, SamplingBuffers buffers) {
    this.spec = spec;
    this.buffers = buffers;
    Long asked = spec.seed();
    this.random = new SplittableRandom(asked == null ? seed : asked);
    this.penalizes =
        spec.presencePenalty() != 0
            || spec.frequencyPenalty() != 0
            || spec.repetitionPenalty() != 1;
    if (spec.repetitionPenalty() != 1) {
      for (int token : prompt) {
        tally.add(token, false);
      }
    }
  }

  /**
   * The next token.
   *
   * @param logits rows of logits; not changed
   * @param from where this sequence's row begins
   * @param vocabulary its width
   * @throws IllegalStateException when no logit of the row is a number above minus infinity
   */
  public int sample(float[] logits, int from, int vocabulary) {
    float[] row = logits;
    int start = from;
    if (penalizes || !spec.logitBias().isEmpty()) {
      row = adjust(logits, from, vocabulary);
      start = 0;
    }
    int likeliest = argmax(row, start, vocabulary);
    int token = spec.temperature() == 0 ? likeliest : draw(row, start, vocabulary, likeliest);
    if (penalizes) {
      tally.add(token, true);
    }
    return token;
  }

  /**
   * How many of the likeliest tokens it looks at; 0 for all. One more than top-k keeps, so that the
   * cut orders the candidates as it does among all, and equal seeds draw alike.
   */
  public int looksAt() {
    if (penalizes || !spec.logitBias().isEmpty() || spec.topLogprobs() >= 0) {
      return 0;
    }
    if (spec.temperature() == 0) {
      return 1;
    }
    return spec.topK() > 0 ? spec.topK() + 1 : 0;
  }

  /**
   * The next token, by the likeliest of a row alone: the same as by the whole row.
   *
   * @param few as many as {@link #looksAt} at least, which is not 0
   * @throws IllegalStateException when the row has none
   */
  public int sample(Likeliest few, int row) {
    if (few.id(row, 0) < 0) {
      throw new IllegalStateException("the model gave no finite logit");
    }
    if (spec.temperature() == 0) {
      return few.id(row, 0);
    }
    Candidates candidates = buffers.candidates();
    candidates.fill(few, row, looksAt(), spec.temperature(), NEGLIGIBLE);
    return draw(candidates);
  }

  private float[] adjust(float[] logits, int from, int vocabulary) {
    float[] adjusted = buffers.logits(vocabulary);
    System.arraycopy(logits, from, adjusted, 0, vocabulary);
    for (Map.Entry<Integer, Float> bias : spec.logitBias().entrySet()) {
      int token = bias.getKey();
      if (token >= 0 && token < vocabulary) {
        adjusted[token] += bias.getValue();
      }
    }
    if (penalizes) {
      tally.penalize(
          adjusted, spec.presencePenalty(), spec.frequencyPenalty(), spec.repetitionPenalty());
    }
    return adjusted;
  }

  /** The likeliest token of a row. */
  public static int argmax(float[] logits, int from, int vocabulary) {
    int best = -1;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      // NaN compares false and is never chosen.
      if (logits[from + i] > max) {
        max = logits[from + i];
        best = i;
      }
    }
    if (best < 0) {
      throw new IllegalStateException("the model gave no finite logit");
    }
    return best;
  }

  private int draw(float[] logits, int from, int vocabulary, int likeliest) {
    Candidates candidates = buffers.candidates();
    candidates.fill(logits, from, vocabulary, likeliest, spec.temperature(), NEGLIGIBLE);
    return draw(candidates);
  }

  private int draw(Candidates candidates) {
    if (spec.topK() > 0) {
      candidates.keepTop(spec.topK());
    }
    if (spec.topP() < 1) {
      candidates.keepMass(spec.topP());
    }
    if (spec.minP() > 0) {
      candidates.keepAbove(spec.minP());
    }
    return candidates.pick(random.nextDouble());
  }
}
