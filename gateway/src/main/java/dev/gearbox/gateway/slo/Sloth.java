package dev.gearbox.gateway.slo;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.workshop.settings.Durations;
import java.util.List;
import java.util.Map;

/**
 * Sloth's {@code prometheus/v1}. The window is an option of its command: {@code 30d} unless told.
 */
final class Sloth {
  private Sloth() {}

  static Map<String, Object> document(List<ClassConfig> classes) {
    return Doc.of(
        "version",
        "prometheus/v1",
        "service",
        "gearbox",
        "slos",
        classes.stream().map(Sloth::slo).toList());
  }

  private static Map<String, Object> slo(ClassConfig of) {
    String window = "[{{.window}}]";
    return Doc.of(
        "name",
        of.name() + "-all",
        "objective",
        SloFormat.percent(of),
        "description",
        SloFormat.described(of) + "; over " + Durations.written(of.window()),
        "labels",
        Map.of("class", of.name()),
        "sli",
        Map.of(
            "events",
            Doc.of(
                "error_query",
                "sum(rate(" + SloFormat.series(of, true) + window + "))",
                "total_query",
                "sum(rate(" + SloFormat.series(of, false) + window + "))")),
        "alerting",
        Doc.of(
            "name",
            "GearboxBudgetBurns",
            "labels",
            Map.of("class", of.name()),
            "annotations",
            Map.of("runbook_url", "docs/runbooks/budget-burn.md"),
            "page_alert",
            Map.of("labels", Map.of("severity", "page")),
            "ticket_alert",
            Map.of("labels", Map.of("severity", "ticket"))));
  }
}
