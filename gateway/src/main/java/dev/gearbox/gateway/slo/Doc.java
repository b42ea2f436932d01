package dev.gearbox.gateway.slo;

import java.util.LinkedHashMap;
import java.util.Map;

/** A mapping whose keys stay in their order. */
final class Doc {
  private Doc() {}

  /** Of keys and values in turn. */
  static Map<String, Object> of(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
