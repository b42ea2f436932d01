package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.ClassFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.telemetry.attain.BurnWindow;
import dev.gearbox.telemetry.attain.ErrorBudget;
import dev.gearbox.telemetry.attain.ErrorBudgets;
import dev.gearbox.telemetry.meter.MetricNames;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts how classes do and says so in facts. Thread-safe. */
final class Standings {
  private final ErrorBudgets budgets = new ErrorBudgets();
  private final Map<String, ServiceClass> expected = new ConcurrentHashMap<>();

  ErrorBudgets budgets() {
    return budgets;
  }

  void expect(ServiceClass serviceClass) {
    expected.put(serviceClass.name(), serviceClass);
    budget(serviceClass);
  }

  /** Counts a request that failed before there was a decision on it; whether its class is known. */
  boolean lost(String serviceClass, long now) {
    ServiceClass of = expected.get(serviceClass);
    if (of == null) {
      return false;
    }
    budget(of).count(false, false, now);
    return true;
  }

  /** Counts a request of which {@code met} says which targets it met; empty counts for nothing. */
  void count(ServiceClass serviceClass, Map<String, Boolean> met, long now) {
    Boolean all = met.get(MetricNames.ALL_TARGETS);
    if (all != null) {
      budget(serviceClass).count(all, Attained.inTime(met), now);
    }
  }

  ClassFacts facts(ServiceClass serviceClass, long now) {
    ErrorBudget budget = budget(serviceClass);
    return new ClassFacts(
        serviceClass.name(),
        serviceClass.attainment(),
        budget.burn(BurnWindow.MINUTE, now),
        budget.burn(BurnWindow.FIVE_MINUTES, now),
        budget.burn(BurnWindow.HALF_HOUR, now),
        budget.burn(BurnWindow.HOUR, now),
        budget.burn(BurnWindow.SIX_HOURS, now),
        budget.lateBurn(BurnWindow.MINUTE, now),
        budget.lateBurn(BurnWindow.FIVE_MINUTES, now),
        budget.lateBurn(BurnWindow.HOUR, now),
        budget.remaining(now),
        budget.requests(BurnWindow.FIVE_MINUTES, now),
        budget.requests(BurnWindow.HOUR, now));
  }

  private ErrorBudget budget(ServiceClass serviceClass) {
    return budgets.of(serviceClass.name(), serviceClass.attainment(), serviceClass.window());
  }
}
