package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.attain.BurnWindow;
import dev.gearbox.telemetry.attain.ErrorBudgets;
import io.prometheus.client.Collector;
import io.prometheus.client.GaugeMetricFamily;
import java.util.List;
import java.util.function.LongSupplier;

/** Error budgets and burn rates at the moment of the scrape, so that they fall while none come. */
final class BudgetCollector extends Collector implements Collector.Describable {
  private final ErrorBudgets budgets;
  private final LongSupplier clock;
  private final Labels classes;

  BudgetCollector(ErrorBudgets budgets, LongSupplier clock, Labels classes) {
    this.budgets = budgets;
    this.clock = clock;
    this.classes = classes;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    long now = clock.getAsLong();
    GaugeMetricFamily remaining = remaining();
    GaugeMetricFamily burn = burn();
    GaugeMetricFamily objective = objective();
    budgets.forEach((name, budget) -> {
      String serviceClass = classes.bound(name);
      // Classes beyond the bound would all write the same series.
      if (serviceClass.equals(MetricNames.OTHER)) {
        return;
      }
      objective.addMetric(List.of(serviceClass), budget.objective());
      remaining.addMetric(List.of(serviceClass), budget.remaining(now));
      for (BurnWindow window : BurnWindow.values()) {
        burn.addMetric(List.of(serviceClass, window.label()), budget.burn(window, now));
      }
    });
    return List.of(remaining, burn, objective);
  }

  @Override
  public List<MetricFamilySamples> describe() {
    return List.of(remaining(), burn(), objective());
  }

  private static GaugeMetricFamily remaining() {
    return new GaugeMetricFamily(
        MetricNames.BUDGET_REMAINING,
        "Share of the class's error budget that is left; below 0 it is overdrawn.",
        List.of("class"));
  }

  private static GaugeMetricFamily objective() {
    return new GaugeMetricFamily(
        MetricNames.OBJECTIVE,
        "Share of the class's requests that shall meet all their targets.",
        List.of("class"));
  }

  private static GaugeMetricFamily burn() {
    return new GaugeMetricFamily(
        MetricNames.BURN_RATE,
        "Speed at which the error budget goes; 1 uses it up exactly.",
        List.of("class", "window"));
  }
}
