package dev.gearbox.format.template;

/**
 * The two values that are nothing: Python's None, and what a name without a value stands for. All
 * other values of templates are Boolean, Long, Double, String, List, Map and {@link Callable}.
 */
enum Absent {
  NONE,
  UNDEFINED
}
