package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.fact.CandidateFacts;

/**
 * What a request costs the others by running where it was sent, as predicted when it was decided.
 *
 * @param damage points that it takes from the chances of those already on the device
 * @param congestion points at the device's price, for those that come after
 * @param deviceSeconds of the device that it uses
 */
public record CongestionReceipt(double damage, double congestion, double deviceSeconds) {
  /** Of a candidate. */
  public static CongestionReceipt of(CandidateFacts facts, Score score) {
    return new CongestionReceipt(score.damage(), score.congestion(), facts.forecast().work());
  }
}
