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
    Likeliest few = new Likeliest();
    few.begin(1, Math.min(top, vocabulary));
    if (top > 0) {
      few.read(0, logits, from, vocabulary);
    }
    for (int i = 0; i < few.width() && few.id(0, i) >= 0; i++) {
      int id = few.id(0, i);
      alternatives.add(new Alternative(id, text.apply(id), few.logit(0, i) - norm));
    }
    return new Logprob(logits[from + token] - norm, alternatives);
  }
}
