package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.Pricing;
import dev.gearbox.policy.choose.Score;
import dev.gearbox.telemetry.meter.PolicyMeters;
import java.util.Locale;

/**
 * What the other price would have chosen of the same candidates, as running means of the
 * difference: its choice less the one that was served. It sees what the served choices did to the
 * devices, not what its own would have. Thread-safe.
 */
final class PriceShadow {
  private static final double GAIN = 0.01;

  private final Prices prices;
  private final Pricing other;
  private final PolicyMeters meters;
  private final String name;
  private double switched;
  private double meets;
  private double quality;
  private double work;
  private int seen;

  PriceShadow(Prices prices, Pricing serving, PolicyMeters meters) {
    this.prices = prices;
    this.other = serving.other();
    this.meters = meters;
    this.name = "price-" + other.name().toLowerCase(Locale.ROOT);
  }

  /** Looks at a decision that was won on its score. */
  void look(DecisionRecord made) {
    CandidateRow served = made.chosenRow();
    if (served == null || served.score() == null || made.explored() || made.relegated()) {
      return;
    }
    CandidateRow best = best(made, served);
    Score had = served.score();
    Score would = best.score() == null ? had : best.score();
    boolean same = best.facts().engine().equals(made.chosen());
    synchronized (this) {
      double gain = Math.max(GAIN, 1.0 / ++seen);
      switched += gain * ((same ? 0 : 1) - switched);
      meets += gain * (would.meets() - had.meets() - meets);
      quality += gain * (would.quality() - had.quality() - quality);
      double more = best.facts().forecast().work() - served.facts().forecast().work();
      work += gain * (more - work);
      meters.shadow(name, "chosen", switched);
      meters.shadow(name, "meets", meets);
      meters.shadow(name, "quality", quality);
      meters.shadow(name, "work", work);
    }
  }

  private CandidateRow best(DecisionRecord made, CandidateRow served) {
    CandidateRow best = served;
    double most = Double.NEGATIVE_INFINITY;
    for (CandidateRow row : made.candidates()) {
      Score score = row.score();
      if (score != null) {
        double price = prices.lambda(row.facts().device(), other);
        double total = score.total() + score.congestion() - price * row.facts().forecast().work();
        if (total > most) {
          most = total;
          best = row;
        }
      }
    }
    return best;
  }
}
