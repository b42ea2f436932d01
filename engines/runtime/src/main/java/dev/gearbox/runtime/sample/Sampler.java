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

  /** Of so many a pass keeps the order; the exponentials of all take ten times as long. */
  private static final int MOST_LIKELIEST = 512;

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
    int token = pick(row, start, vocabulary);
    if (penalizes) {
      tally.add(token, true);
    }
    return token;
  }

  private int pick(float[] row, int start, int vocabulary) {
    if (spec.temperature() == 0) {
      return argmax(row, start, vocabulary);
    }
    int some = some();
    if (some > 0 && some <= MOST_LIKELIEST) {
      Likeliest few = buffers.likeliest();
      few.begin(1, some);
      few.read(0, row, start, vocabulary);
      return sample(few, 0);
    }
    Candidates candidates = buffers.candidates();
    int likeliest = argmax(row, start, vocabulary);
    candidates.fill(row, start, vocabulary, likeliest, spec.temperature(), NEGLIGIBLE);
    return draw(candidates);
  }

  /**
   * How many of the model's likeliest tokens it looks at; 0 for all, as where something moves
   * others up.
   */
  public int looksAt() {
    return penalizes || !spec.logitBias().isEmpty() || spec.topLogprobs() >= 0 ? 0 : some();
  }

  /**
   * How many of the likeliest decide; 0 for all. One more than top-k keeps, so that the cut orders
   * the candidates as it does among all, and equal seeds draw alike.
   */
  private int some() {
    if (spec.temperature() == 0) {
      return 1;
    }
    return spec.topK() > 0 ? spec.topK() + 1 : 0;
  }

  /**
   * The next token, by the likeliest of a row alone: the same as by the whole row.
   *
   * @param few as many as decide at least
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
    candidates.fill(few, row, some(), spec.temperature(), NEGLIGIBLE);
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
