package dev.gearbox.gateway.quality;

import dev.gearbox.policy.fact.Revoked;
import dev.gearbox.telemetry.meter.AuditMeters;
import org.jspecify.annotations.Nullable;

/** What audits found of one variant, and whether it is still what it was measured to be. */
final class Gaps {
  /**
   * Nats per byte that two variants differ by though the corpus says they are equally good:
   * quantized weights of one model do.
   */
  private static final double LEAST_GAP = 0.01;

  private final String variant;
  private final Yardstick yardstick;
  private final double limit;
  private final AuditMeters meters;
  private GapWindow all = new GapWindow();
  private GapWindow unbent = new GapWindow();
  private boolean drifted;
  private boolean revoked;

  Gaps(String variant, Yardstick yardstick, double tolerance, AuditMeters meters) {
    this.variant = variant;
    this.yardstick = yardstick;
    Double gap = yardstick.gap();
    this.limit = gap == null ? Double.NaN : tolerance * Math.max(gap, LEAST_GAP);
    this.meters = meters;
    meters.expect(variant);
  }

  Yardstick yardstick() {
    return yardstick;
  }

  /**
   * Learns of one answer.
   *
   * @param nats log-probability by the variant less that by the reference
   * @return what it drifted to, where that shows with this answer; null otherwise
   */
  synchronized @Nullable Revoked add(double nats, int bytes, boolean sampledAsIs) {
    all.add(nats, bytes);
    meters.done(variant);
    meters.gap(variant, all.mean());
    if (sampledAsIs) {
      unbent.add(nats, bytes);
      meters.kl(variant, unbent.mean());
    }
    double surely = all.surely();
    if (Double.isNaN(surely) || Double.isNaN(limit)) {
      return null;
    }
    meters.drift(variant, surely / limit);
    boolean before = drifted;
    drifted = surely > limit;
    return drifted && !before ? new Revoked(surely, limit) : null;
  }

  synchronized void revoke() {
    revoked = true;
    meters.revoked(variant, true);
  }

  /** Begins anew. */
  synchronized void forget() {
    all = new GapWindow();
    unbent = new GapWindow();
    drifted = false;
    revoked = false;
    meters.forget(variant);
  }

  synchronized Standing standing() {
    return new Standing(
        variant,
        yardstick.reference(),
        all.answers(),
        number(all.mean()),
        number(all.surely()),
        number(unbent.mean()),
        number(limit),
        drifted,
        revoked);
  }

  private static @Nullable Double number(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
