package dev.gearbox.telemetry.trace;

import java.util.Map;

/**
 * One thing to say of a decision in its span.
 *
 * @param name of the event
 * @param attributes strings, numbers and booleans, by name
 */
public record Note(String name, Map<String, Object> attributes) {
  public Note {
    attributes = Map.copyOf(attributes);
  }
}
