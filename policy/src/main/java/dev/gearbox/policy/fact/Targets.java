package dev.gearbox.policy.fact;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Numbers asked of a request; null where nothing was asked.
 *
 * @param ttft time to first token at most
 * @param tpot time per output token at most
 * @param deadline arrival to last token at most
 * @param throughput output tokens per second at least
 * @param quality quality of the variant at least, 0 to 1
 * @param cost cost of the request at most, in the currency of {@code cost-per-1k-tokens}
 */
public record Targets(
    @Nullable Duration ttft,
    @Nullable Duration tpot,
    @Nullable Duration deadline,
    @Nullable Double throughput,
    @Nullable Double quality,
    @Nullable Double cost) {
  public static final Targets NONE = new Targets(null, null, null, null, null, null);

  public Targets {
    positive("ttft", ttft);
    positive("tpot", tpot);
    positive("deadline", deadline);
    if (throughput != null && !(throughput > 0 && throughput <= 1e6)) {
      throw new IllegalArgumentException("throughput must be above 0, to 1e6, got " + throughput);
    }
    if (quality != null && !(quality >= 0 && quality <= 1)) {
      throw new IllegalArgumentException("quality must be 0 to 1, got " + quality);
    }
    if (cost != null && !(cost >= 0 && cost <= 1e9)) {
      throw new IllegalArgumentException("cost must be 0 to 1e9, got " + cost);
    }
  }

  /** These targets, with those of {@code fallback} where these ask nothing. */
  public Targets or(Targets fallback) {
    return new Targets(
        ttft != null ? ttft : fallback.ttft,
        tpot != null ? tpot : fallback.tpot,
        deadline != null ? deadline : fallback.deadline,
        throughput != null ? throughput : fallback.throughput,
        quality != null ? quality : fallback.quality,
        cost != null ? cost : fallback.cost);
  }

  private static void positive(String name, @Nullable Duration value) {
    if (value != null && (value.isNegative() || value.isZero() || value.toDays() > 365)) {
      throw new IllegalArgumentException(name + " must be above 0 and within a year, got " + value);
    }
  }
}
