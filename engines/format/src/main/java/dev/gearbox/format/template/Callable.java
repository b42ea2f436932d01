package dev.gearbox.format.template;

import java.util.List;
import java.util.Map;

/** A function that a template may call: one of ours, or a macro of its own. */
@FunctionalInterface
interface Callable {
  Object call(List<Object> arguments, Map<String, Object> named);
}
