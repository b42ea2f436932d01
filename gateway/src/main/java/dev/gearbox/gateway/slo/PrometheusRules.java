package dev.gearbox.gateway.slo;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.workshop.settings.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Multi-window burn-rate alerts (SRE workbook, chapter 5). The windows for 30 days shrink and grow
 * with the class's own. What a class with a modest objective may miss, times 14.4, is more than
 * there is: nine of ten missed are enough for any.
 */
final class PrometheusRules {
  private static final int FEWEST_REQUESTS = 10;
  private static final double MOST = 0.9;
  private static final List<Burn> FAST =
      List.of(
          new Burn(14.4, Duration.ofHours(1), Duration.ofMinutes(5)),
          new Burn(6, Duration.ofHours(6), Duration.ofMinutes(30)));
  private static final List<Burn> SLOW =
      List.of(
          new Burn(3, Duration.ofDays(1), Duration.ofHours(2)),
          new Burn(1, Duration.ofDays(3), Duration.ofHours(6)));

  private PrometheusRules() {}

  /**
   * How many times too fast a budget goes, in a window that says it matters and one that it lasts.
   */
  private record Burn(double rate, Duration matters, Duration lasts) {}

  static Map<String, Object> document(List<ClassConfig> classes) {
    return Map.of("groups", classes.stream().map(PrometheusRules::group).toList());
  }

  private static Map<String, Object> group(ClassConfig of) {
    Windows windows = new Windows(of.window());
    TreeMap<Duration, String> lengths = new TreeMap<>();
    for (List<Burn> burns : List.of(FAST, SLOW)) {
      for (Burn burn : burns) {
        for (Duration usual : List.of(burn.matters, burn.lasts)) {
          Duration length = windows.of(usual);
          lengths.put(length, Durations.written(length));
        }
      }
    }
    List<Map<String, Object>> rules = new ArrayList<>();
    for (String window : lengths.values()) {
      rules.add(
          Doc.of(
              "record",
              record(window),
              "expr",
              "sum(rate(%s[%s])) / (sum(rate(%s[%s])) > 0)"
                  .formatted(
                      SloFormat.series(of, true), window, SloFormat.series(of, false), window),
              "labels",
              Map.of("class", of.name())));
    }
    rules.add(alert(of, windows, "GearboxBudgetBurnsFast", "page", FAST));
    rules.add(alert(of, windows, "GearboxBudgetBurnsSlowly", "ticket", SLOW));
    Map<String, Object> group = Doc.of("name", "gearbox-slo-" + of.name());
    Duration shortest = lengths.firstKey();
    if (shortest.toSeconds() < 60) {
      group.put(
          "interval", Durations.written(Duration.ofSeconds(Math.max(1, shortest.toSeconds() / 2))));
    }
    group.put("rules", rules);
    return group;
  }

  private static String record(String window) {
    return "class:gearbox_slo_miss_ratio:rate" + window;
  }

  private static Map<String, Object> alert(
      ClassConfig of, Windows windows, String name, String severity, List<Burn> burns) {
    List<String> any = new ArrayList<>();
    for (Burn burn : burns) {
      String matters = Durations.written(windows.of(burn.matters));
      String lasts = Durations.written(windows.of(burn.lasts));
      String bar = SloTarget.plain(Math.min(MOST, round(burn.rate * (1 - of.attainment()))));
      any.add(
          "(%s{class=\"%s\"} > %s and %s{class=\"%s\"} > %s and on () sum(increase(%s[%s])) > %d)"
              .formatted(
                  record(matters),
                  of.name(),
                  bar,
                  record(lasts),
                  of.name(),
                  bar,
                  SloFormat.series(of, false),
                  matters,
                  FEWEST_REQUESTS));
    }
    return Doc.of(
        "alert",
        name,
        "expr",
        String.join(" or ", any),
        "labels",
        Doc.of("severity", severity, "class", of.name()),
        "annotations",
        Doc.of(
            "summary",
            "Class {{ $labels.class }} misses {{ $value | humanizePercentage }} of its requests' targets",
            "runbook_url",
            "docs/runbooks/budget-burn.md"));
  }

  private static double round(double share) {
    return Math.round(share * 1e6) / 1e6;
  }
}
