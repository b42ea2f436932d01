package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.attain.ErrorBudgets;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.Summary;
import java.util.Collection;
import java.util.function.LongSupplier;

/** What the policy decided and how its promises turned out. */
public final class PolicyMeters {
  private final CollectorRegistry registry;
  private final Labels classes;
  private final Labels rules;
  private final Labels variants;
  private final Counter attainment;
  private final Counter ruleFired;
  private final Counter cost;
  private final Histogram decision;
  private final PredictionMeters prediction;
  private final Summary qualityServed;
  private final Gauge info;
  private final Gauge shadow;
  private final Gauge shadowLow;
  private final Gauge shadowHigh;
  private final Counter switches;
  private final Labels devices;
  private final Gauge reloadFailed;

  PolicyMeters(CollectorRegistry registry, int labelValues) {
    this.registry = registry;
    classes = new Labels(labelValues);
    prediction = new PredictionMeters(registry, labelValues);
    rules = new Labels(labelValues);
    variants = new Labels(labelValues);
    attainment =
        Counter.build(MetricNames.ATTAINMENT, "Requests by whether they met a target.")
            .labelNames("class", "target", "met")
            .register(registry);
    ruleFired =
        Counter.build(MetricNames.RULE_FIRED, "Firings of a rule.")
            .labelNames("rule")
            .register(registry);
    cost =
        Counter.build(MetricNames.COST, "Cost of what was served, in the configured currency.")
            .labelNames("class", "variant")
            .register(registry);
    decision =
        Histogram.build(MetricNames.DECISION, "Time that a decision took.")
            .buckets(Buckets.MICRO)
            .register(registry);
    qualityServed =
        Summary.build(MetricNames.QUALITY_SERVED, "Quality of the variants that answered.")
            .labelNames("class")
            .register(registry);
    devices = new Labels(labelValues);
    switches =
        Counter.build(MetricNames.SWITCHES, "Decisions for another engine than the device's last.")
            .labelNames("device")
            .register(registry);
    shadow =
        Gauge.build(MetricNames.SHADOW_DELTA, "What a shadow would choose less what was served.")
            .labelNames("policy", "measure")
            .register(registry);
    shadowLow =
        Gauge.build(MetricNames.SHADOW_LOW, "Lower end of the 95 % interval of a shadow's delta.")
            .labelNames("policy", "measure")
            .register(registry);
    shadowHigh =
        Gauge.build(MetricNames.SHADOW_HIGH, "Upper end of the 95 % interval of a shadow's delta.")
            .labelNames("policy", "measure")
            .register(registry);
    info =
        Gauge.build(MetricNames.POLICY_INFO, "1 for the policy version that decides.")
            .labelNames("version")
            .register(registry);
    reloadFailed =
        Gauge.build(MetricNames.RELOAD_FAILED, "1 when the latest change of rules was refused.")
            .register(registry);
  }

  /** Makes the series of a configured class, at 0; {@code targets} are those it may carry. */
  public void expect(String serviceClass, Collection<String> targets) {
    String name = classes.bound(serviceClass);
    for (String met : new String[] {"true", "false"}) {
      attainment.labels(name, MetricNames.ALL_TARGETS, met);
      for (String target : targets) {
        attainment.labels(name, target, met);
      }
    }
    qualityServed.labels(name);
  }

  /** Shows what is left of {@code budgets} and how fast it goes, whenever scraped. */
  public void observe(ErrorBudgets budgets, LongSupplier clock) {
    registry.register(new BudgetCollector(budgets, clock, classes));
  }

  /** Counts one target of a request; {@link MetricNames#ALL_TARGETS} once for the request. */
  public void attained(String serviceClass, String target, boolean met) {
    attainment.labels(classes.bound(serviceClass), target, Boolean.toString(met)).inc();
  }

  public void decided(double seconds) {
    decision.observe(seconds);
  }

  public void ruleFired(String rule) {
    ruleFired.labels(rules.bound(rule)).inc();
  }

  /** Counts an answer of known quality. */
  public void served(String serviceClass, double quality) {
    qualityServed.labels(classes.bound(serviceClass)).observe(quality);
  }

  public void cost(String serviceClass, String variant, double amount) {
    cost.labels(classes.bound(serviceClass), variants.bound(variant)).inc(amount);
  }

  /** A decision went to another engine of {@code device} than the one before. */
  public void switched(String device) {
    switches.labels(devices.bound(device)).inc();
  }

  /**
   * Mean of {@code measure} that the shadow {@code policy} would get, less what was served, and the
   * interval that it is in; NaN where that is not known.
   */
  public void shadow(String policy, String measure, double delta, double low, double high) {
    shadow.labels(policy, measure).set(delta);
    shadowLow.labels(policy, measure).set(low);
    shadowHigh.labels(policy, measure).set(high);
  }

  public void forgetShadow(String policy, String measure) {
    shadow.remove(policy, measure);
    shadowLow.remove(policy, measure);
    shadowHigh.remove(policy, measure);
  }

  public PredictionMeters prediction() {
    return prediction;
  }

  /** Whether the latest attempt to change the rules failed; the former ones decide then. */
  public void reloadFailed(boolean failed) {
    reloadFailed.set(failed ? 1 : 0);
  }

  /** Names the rule base that decides from here on. */
  public void version(String version) {
    info.clear();
    info.labels(version).set(1);
  }
}
