package dev.gearbox.format.template;

import java.util.HashMap;
import java.util.Map;

/** The one object whose attributes a template may set, so that loops can leave something behind. */
final class Namespace {
  private final Map<String, Object> values;

  Namespace(Map<String, Object> values) {
    this.values = new HashMap<>(values);
  }

  Object get(String name) {
    return values.getOrDefault(name, Absent.UNDEFINED);
  }

  void set(String name, Object value) {
    values.put(name, value);
  }
}
