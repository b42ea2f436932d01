package dev.gearbox.telemetry.meter;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;

/** What the reference makes of answers that other variants gave. */
public final class AuditMeters {
  /** Result of an audit that came to its end. */
  private static final String DONE = "done";

  private final Labels variants;
  private final Counter audits;
  private final Gauge gap;
  private final Gauge kl;
  private final Gauge drift;
  private final Gauge revoked;

  AuditMeters(CollectorRegistry registry, int labelValues) {
    variants = new Labels(labelValues);
    audits =
        Counter.build(MetricNames.AUDITS, "Answers picked for an audit, by what became of it.")
            .labelNames("variant", "result")
            .register(registry);
    gap =
        gauge(
            registry,
            MetricNames.AUDIT_GAP,
            "Log-probability of the latest answers by the variant less that by its reference.");
    kl =
        gauge(
            registry,
            MetricNames.AUDIT_KL,
            "The same over answers sampled as the variant has it: its divergence (KL) from the reference.");
    drift =
        gauge(
            registry,
            MetricNames.AUDIT_DRIFT,
            "What the gap surely is over what its measured quality allows; above 1 the variant drifted.");
    revoked = gauge(registry, MetricNames.AUDIT_REVOKED, "1 for a variant that answers no more.");
  }

  private static Gauge gauge(CollectorRegistry registry, String name, String help) {
    return Gauge.build(name, help).labelNames("variant").register(registry);
  }

  /** Shows a variant that is audited from the start, at zero. */
  public void expect(String variant) {
    audits.labels(variants.bound(variant), DONE);
    revoked.labels(variants.bound(variant));
  }

  public void done(String variant) {
    audits.labels(variants.bound(variant), DONE).inc();
  }

  /** Counts an audit that came to no end; {@code reason} is one of few words. */
  public void dropped(String variant, String reason) {
    audits.labels(variants.bound(variant), reason).inc();
  }

  /** Mean over the latest answers, nats per byte. */
  public void gap(String variant, double nats) {
    gap.labels(variants.bound(variant)).set(nats);
  }

  /** Mean over the latest answers that were sampled as the variant has it, nats per byte. */
  public void kl(String variant, double nats) {
    kl.labels(variants.bound(variant)).set(nats);
  }

  public void drift(String variant, double share) {
    drift.labels(variants.bound(variant)).set(share);
  }

  public void revoked(String variant, boolean is) {
    revoked.labels(variants.bound(variant)).set(is ? 1 : 0);
  }

  /** Forgets what was measured of a variant; what was counted stays. */
  public void forget(String variant) {
    for (Gauge gauge : new Gauge[] {gap, kl, drift}) {
      gauge.remove(variants.bound(variant));
    }
    revoked(variant, false);
  }
}
