package dev.gearbox.format.template;

import java.util.List;
import java.util.Map;

/** Evaluated arguments of a filter, test, method or function. */
record Arguments(String of, List<Object> positional, Map<String, Object> named) {
  /** An argument by place or name, or the fallback. */
  Object get(int index, String name, Object fallback) {
    return index < positional.size() ? positional.get(index) : named.getOrDefault(name, fallback);
  }

  /** An argument that must be there. */
  Object get(int index, String name) {
    Object value = get(index, name, Absent.UNDEFINED);
    if (value == Absent.UNDEFINED && index >= positional.size()) {
      throw TemplateException.evaluation("%s needs %s".formatted(of, name));
    }
    return value;
  }

  int size() {
    return positional.size();
  }
}
