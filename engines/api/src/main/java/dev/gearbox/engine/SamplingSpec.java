package dev.gearbox.engine;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How tokens are picked from the logits. Applied in this order: logit bias, penalties, temperature,
 * top-k, top-p, min-p.
 *
 * @param temperature 0 (greedy) to 2
 * @param topK keep the k likeliest; 0 keeps all
 * @param topP keep the smallest set with this much probability, (0, 1]
 * @param minP drop what is less likely than this share of the likeliest, [0, 1]
 * @param presencePenalty subtracted once from tokens generated before, −2 to 2
 * @param frequencyPenalty subtracted per earlier occurrence in the answer, −2 to 2
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen in prompt
 *     or answer, (0, 2]; 1 is off
 * @param logitBias added to the logits of these tokens, −100 to 100
 * @param seed equal seeds give equal answers; null draws one
 * @param topLogprobs number of alternatives to report per token, 0 to 20; −1 reports no
 *     log-probabilities at all
 */
public record SamplingSpec(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presencePenalty,
    float frequencyPenalty,
    float repetitionPenalty,
    Map<Integer, Float> logitBias,
    @Nullable Long seed,
    int topLogprobs) {

  public static final SamplingSpec GREEDY =
      new SamplingSpec(0, 0, 1, 0, 0, 0, 1, Map.of(), null, -1);

  public SamplingSpec {
    logitBias = Map.copyOf(logitBias);
    check(temperature >= 0 && temperature <= 2, "temperature", temperature, "0 to 2");
    check(topK >= 0, "top_k", topK, "0 or more");
    check(topP > 0 && topP <= 1, "top_p", topP, "above 0, to 1");
    check(minP >= 0 && minP <= 1, "min_p", minP, "0 to 1");
    check(Math.abs(presencePenalty) <= 2, "presence_penalty", presencePenalty, "-2 to 2");
    check(Math.abs(frequencyPenalty) <= 2, "frequency_penalty", frequencyPenalty, "-2 to 2");
    check(
        repetitionPenalty > 0 && repetitionPenalty <= 2,
        "repetition_penalty",
        repetitionPenalty,
        "above 0, to 2");
    check(topLogprobs >= -1 && topLogprobs <= 20, "top_logprobs", topLogprobs, "0 to 20");
  }

  private static void check(boolean ok, String name, Number value, String expected) {
    if (!ok) {
      throw new IllegalArgumentException(name + " must be " + expected + ", got " + value);
    }
  }
}
