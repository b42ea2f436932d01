package dev.gearbox.gateway.slo;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.workshop.settings.Durations;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * OpenSLO v1: a service, and for each class one objective that all targets are met, with alerts,
 * and one for each target. What OpenSLO has no word for is in annotations.
 */
final class OpenSlo {
  static final String VERSION = "openslo/v1";
  static final String CLASS = "gearbox.dev/class";
  static final String ANNOTATION = "gearbox.dev/";
  static final String GEARBOX = "Gearbox";

  private OpenSlo() {}

  static List<Map<String, Object>> documents(List<ClassConfig> classes) {
    List<Map<String, Object>> all = new ArrayList<>();
    all.add(
        document(
            "Service",
            Doc.of("name", "gearbox"),
            Doc.of("description", "Language models behind Gearbox")));
    all.add(condition("page", 14.4, "1h", "5m"));
    all.add(condition("ticket", 3, "1d", "2h"));
    for (String severity : List.of("page", "ticket")) {
      all.add(
          document(
              "AlertPolicy",
              Doc.of("name", "gearbox-" + severity),
              Doc.of(
                  "alertWhenBreaching",
                  true,
                  "conditions",
                  List.of(Map.of("conditionRef", "gearbox-burn-" + severity)),
                  "notificationTargets",
                  List.of())));
    }
    for (ClassConfig each : classes) {
      all.add(whole(each));
      for (SloTarget target : SloTarget.values()) {
        Double value = target.of(each.targets());
        if (value != null) {
          all.add(one(each, target, value));
        }
      }
    }
    return all;
  }

  private static Map<String, Object> document(
      String kind, Map<String, Object> metadata, Map<String, Object> spec) {
    return Doc.of("apiVersion", VERSION, "kind", kind, "metadata", metadata, "spec", spec);
  }

  private static Map<String, Object> condition(
      String severity, double threshold, String window, String after) {
    return document(
        "AlertCondition",
        Doc.of("name", "gearbox-burn-" + severity),
        Doc.of(
            "severity",
            severity,
            "condition",
            Doc.of(
                "kind",
                "burnrate",
                "op",
                "gte",
                "threshold",
                threshold,
                "lookbackWindow",
                window,
                "alertAfter",
                after)));
  }

  private static Map<String, Object> whole(ClassConfig of) {
    Map<String, Object> annotations =
        Doc.of(
            ANNOTATION + "priority",
            Integer.toString(of.priority()),
            ANNOTATION + "lane",
            of.lane().name().toLowerCase(Locale.ROOT),
            ANNOTATION + "weight-quality",
            SloTarget.plain(of.weights().quality()),
            ANNOTATION + "weight-attainment",
            SloTarget.plain(of.weights().attainment()),
            ANNOTATION + "weight-cost",
            SloTarget.plain(of.weights().cost()));
    if (of.hedge() != null) {
      annotations.put(ANNOTATION + "hedge", of.hedge().toMillis() + "ms");
    }
    Map<String, Object> indicator =
        Map.of(
            "ratioMetric",
            Doc.of(
                "counter",
                true,
                "good",
                prometheus(SloFormat.series(of, true).replace("false", "true")),
                "total",
                prometheus(SloFormat.series(of, false))));
    Map<String, Object> spec = spec(of, SloFormat.described(of), of.name() + "-all", indicator);
    spec.put(
        "objectives", List.of(Doc.of("displayName", "all targets", "target", of.attainment())));
    spec.put(
        "alertPolicies",
        List.of(
            Map.of("alertPolicyRef", "gearbox-page"), Map.of("alertPolicyRef", "gearbox-ticket")));
    return document("SLO", metadata(of, "all", annotations), spec);
  }

  private static Map<String, Object> one(ClassConfig of, SloTarget target, double value) {
    Map<String, Object> source =
        Doc.of("type", GEARBOX, "spec", Doc.of("target", target.label(), "unit", target.unit()));
    Map<String, Object> spec =
        spec(
            of,
            "%s of class %s: %s".formatted(target.label(), of.name(), target.written(value)),
            of.name() + "-" + target.label(),
            Map.of("thresholdMetric", Map.of("metricSource", source)));
    spec.put(
        "objectives",
        List.of(
            Doc.of(
                "displayName",
                target.label(),
                "op",
                target.operator(),
                "value",
                value,
                "target",
                of.attainment())));
    return document("SLO", metadata(of, target.label(), Map.of()), spec);
  }

  private static Map<String, Object> metadata(
      ClassConfig of, String what, Map<String, Object> annotations) {
    Map<String, Object> metadata =
        Doc.of("name", of.name() + "-" + what, "labels", Map.of(CLASS, List.of(of.name())));
    if (!annotations.isEmpty()) {
      metadata.put("annotations", annotations);
    }
    return metadata;
  }

  private static Map<String, Object> spec(
      ClassConfig of, String description, String name, Map<String, Object> indicator) {
    return Doc.of(
        "description",
        description,
        "service",
        "gearbox",
        "indicator",
        Doc.of("metadata", Map.of("name", name), "spec", indicator),
        "timeWindow",
        List.of(Doc.of("duration", Durations.written(of.window()), "isRolling", true)),
        "budgetingMethod",
        "Occurrences");
  }

  private static Map<String, Object> prometheus(String query) {
    return Map.of(
        "metricSource",
        Doc.of("type", "Prometheus", "spec", Map.of("query", "sum(" + query + ")")));
  }
}
