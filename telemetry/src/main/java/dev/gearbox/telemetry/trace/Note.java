package dev.gearbox.telemetry.trace;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import org.jspecify.annotations.Nullable;

/** One thing to say of a decision: an event of its span. What is null is left out. */
public final class Note {
  private final String name;
  private final AttributesBuilder attributes = Attributes.builder();

  /** An event that says nothing but its name so far. */
  public Note(String name) {
    this.name = name;
  }

  /** Adds a text. */
  public Note with(String attribute, @Nullable String value) {
    if (value != null) {
      attributes.put(attribute, value);
    }
    return this;
  }

  /** Adds a number. */
  public Note with(String attribute, @Nullable Double value) {
    if (value != null) {
      attributes.put(attribute, value);
    }
    return this;
  }

  /** Adds a whole number. */
  public Note with(String attribute, int value) {
    attributes.put(attribute, value);
    return this;
  }

  /** Adds a yes or no. */
  public Note with(String attribute, boolean value) {
    attributes.put(attribute, value);
    return this;
  }

  String name() {
    return name;
  }

  Attributes attributes() {
    return attributes.build();
  }
}
