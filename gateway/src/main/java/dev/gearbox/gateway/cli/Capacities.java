package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.scenario.Capacity;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What classes can be held to on the pools of a profile file.
 *
 * @param lines a line for every class that can be held
 * @param errors a line for every class that cannot
 * @param perSecond requests by class
 */
record Capacities(List<String> lines, List<String> errors, Map<String, Double> perSecond) {
  /** What {@code gearbox calibrate} writes, beside the weights. */
  static final String CALIBRATION = "calibration.yaml";

  /** By this file, or that of calibrate when there is one; else nothing. */
  static Capacities of(@Nullable Path profiles, List<ServiceClass> classes)
      throws IOException, InvalidSettingsException {
    Path measured = WeightStore.defaultFolder(System.getenv()).resolve(CALIBRATION);
    List<String> lines = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    Map<String, Double> perSecond = new LinkedHashMap<>();
    if (profiles == null && !Files.exists(measured)) {
      return new Capacities(lines, errors, perSecond);
    }
    SimulationConfig read = SimulationConfig.load(profiles != null ? profiles : measured);
    SimulationConfig.TrafficConfig traffic = read.traffic();
    double busiest = traffic.rates().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    double shares = read.classes().stream().mapToDouble(SimulationConfig.ShareConfig::share).sum();
    for (ServiceClass each : classes) {
      Targets asked = each.targets();
      if (asked.ttft() == null && asked.tpot() == null && asked.deadline() == null) {
        continue; // late is nothing that it can be
      }
      Capacity of =
          Capacity.of(
              each,
              read.engines().stream().map(SimulationConfig.EngineConfig::profile).toList(),
              read.devices() * read.cells(),
              mean(traffic.promptMedian(), traffic.promptSpread(), traffic.maxPrompt()),
              mean(traffic.outputMedian(), traffic.outputSpread(), traffic.maxOutput()));
      double share =
          read.classes().stream()
              .filter(one -> one.service().name().equals(each.name()))
              .mapToDouble(SimulationConfig.ShareConfig::share)
              .sum();
      perSecond.put(each.name(), of.perSecond());
      (of.perSecond() == 0 ? errors : lines).add(of.says(each, busiest * share / shares));
    }
    return new Capacities(lines, errors, perSecond);
  }

  /** Of a log-normal length. */
  private static int mean(int median, double spread, int most) {
    return (int) Math.min(most, Math.round(median * Math.exp(spread * spread / 2)));
  }
}
