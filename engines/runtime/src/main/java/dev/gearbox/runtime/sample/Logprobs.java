package dev.gearbox.runtime.sample;

import dev.gearbox.engine.TokenEvent.Alternative;
import dev.gearbox.engine.TokenEvent.Logprob;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Log-probabilities (natural) of the model's own distribution, before anything bent it. */
public final class Logprobs {
  private Logprobs() {}

  /** ln Σ exp(logit) over a row. */
  public static double logSumExp(float[] logits, int from, int vocabulary) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + vocabulary; i++) {
      max = Math.max(max, logits[i]);
    }
    double sum = 0;
    for (int i = from; i < from + vocabulary; i++) {
      sum += Math.exp((double) logits[i] - max);
    }
    return max + Math.log(sum);
  }

  /**
   * The log-probability of {@code token} and the {@code top} likeliest tokens.
   *
   * @param text what a token's bytes look like as text
   */
  public static Logprob of(
      float[] logits, int from, int vocabulary, int token, int top, IntFunction<String> text) {
    double norm = logSumExp(logits, from, vocabulary);
    List<Alternative> alternatives = new ArrayList<>(top);
    for (int id : likeliest(logits, from, vocabulary, top)) {
      alternatives.add(new Alternative(id, text.apply(id), logits[from + id] - norm));
    }
    return new Logprob(logits[from + token] - norm, alternatives);
  }

  /** The {@code count} largest of a row, largest first, equal ones by id; count is small. */
  static int[] likeliest(float[] logits, int from, int vocabulary, int count) {
    int[] best = new int[Math.min(count, vocabulary)];
    int filled = 0;
    for (int id = 0; id < vocabulary; id++) {
      float logit = logits[from + id];
      if (filled == best.length && (filled == 0 || logit <= logits[from + best[filled - 1]])) {
        continue;
      }
      int at = filled < best.length ? filled++ : filled - 1;
      while (at > 0 && logits[from + best[at - 1]] < logit) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = id;
    }
    return best;
  }
}
