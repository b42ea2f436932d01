package dev.gearbox.gateway.rules;

import dev.gearbox.policy.decide.Shadow;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/** A shadow policy as JSON. */
public final class ShadowJson {
  private ShadowJson() {}

  /** Its version, how much it decided, and what it would have made of that beside the policy. */
  public static void put(ObjectNode json, Shadow shadow) {
    json.put("version", shadow.rules().version()).put("decisions", shadow.decisions());
    ObjectNode deltas = json.putObject("delta");
    for (Shadow.Measure measure : Shadow.Measure.values()) {
      Shadow.Delta delta = shadow.delta(measure);
      deltas
          .putObject(measure.name().toLowerCase(Locale.ROOT))
          .put("mean", delta.mean())
          .put("low", delta.low())
          .put("high", delta.high());
    }
  }
}
