package dev.gearbox.gateway.slo;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.workshop.settings.Durations;
import java.util.Map;

/** Pyrra's {@code ServiceLevelObjective}: bare selectors, which it puts into rates itself. */
final class Pyrra {
  private Pyrra() {}

  static Map<String, Object> document(ClassConfig of) {
    return Doc.of(
        "apiVersion",
        "pyrra.dev/v1alpha1",
        "kind",
        "ServiceLevelObjective",
        "metadata",
        Doc.of(
            "name",
            "gearbox-" + of.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-') + "-all",
            "namespace",
            "monitoring",
            "labels",
            Map.of("pyrra.dev/class", of.name())),
        "spec",
        Doc.of(
            "target",
            SloTarget.plain(SloFormat.percent(of)),
            "window",
            Durations.written(of.window()),
            "description",
            SloFormat.described(of),
            "indicator",
            Map.of(
                "ratio",
                Doc.of(
                    "errors",
                    Map.of("metric", SloFormat.series(of, true)),
                    "total",
                    Map.of("metric", SloFormat.series(of, false))))));
  }
}
