package dev.gearbox.workshop.settings;

import java.util.List;
import java.util.Map;

/** Settings before they have types; every node knows where it was written. */
sealed interface Tree {
  String origin();

  /** Text as it was written, quotes removed; {@code null} in YAML is {@code isNull}. */
  record Scalar(String text, boolean isNull, String origin) implements Tree {}

  record Sequence(List<Tree> items, String origin) implements Tree {}

  /** Entries keep the order of the file. */
  record Mapping(Map<String, Tree> entries, String origin) implements Tree {}

  /** What it is, for messages. */
  default String kind() {
    return switch (this) {
      case Scalar scalar -> "'" + scalar.text() + "'";
      case Sequence ignored -> "a list";
      case Mapping ignored -> "a mapping";
    };
  }
}
