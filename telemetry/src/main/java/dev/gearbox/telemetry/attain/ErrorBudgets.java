package dev.gearbox.telemetry.attain;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/** The error budget of every class, by its name. Thread-safe. */
public final class ErrorBudgets {
  private final Map<String, ErrorBudget> budgets = new ConcurrentHashMap<>();

  /** The budget of a class, a full one when it was not known. */
  public ErrorBudget of(String serviceClass, double objective, Duration window) {
    ErrorBudget known = budgets.get(serviceClass);
    return known != null
        ? known
        : budgets.computeIfAbsent(serviceClass, name -> new ErrorBudget(objective, window));
  }

  /** Shows every class's budget to {@code reader}. */
  public void forEach(BiConsumer<String, ErrorBudget> reader) {
    budgets.forEach(reader);
  }
}
