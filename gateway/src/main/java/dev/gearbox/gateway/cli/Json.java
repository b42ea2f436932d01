package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON of the command line. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private Json() {}

  /** One line of JSON. */
  static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  static JsonNode parse(String text) {
    return MAPPER.readTree(text);
  }

  /** The strings of a file with a JSON list of them. */
  static List<String> strings(Path file) throws IOException {
    try {
      return MAPPER.readValue(Files.readString(file), new TypeReference<List<String>>() {});
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          file + " is no JSON list of strings: " + e.getOriginalMessage(), e);
    }
  }

  /** The objects of a file with a JSON list of them. */
  static List<Map<String, Object>> objects(Path file) throws IOException {
    try {
      return MAPPER.readValue(
          Files.readString(file), new TypeReference<List<Map<String, Object>>>() {});
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          file + " is no JSON list of objects: " + e.getOriginalMessage(), e);
    }
  }
}
