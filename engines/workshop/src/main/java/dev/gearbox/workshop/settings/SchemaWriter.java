package dev.gearbox.workshop.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON Schema (2020-12) of settings, for editors: from the same records that {@link
 * SettingsReader} fills.
 */
public final class SchemaWriter {
  private SchemaWriter() {}

  /**
   * The schema of a document with {@code type} under {@code prefix}, as maps and lists ready to be
   * written as JSON.
   */
  public static Map<String, Object> schema(Class<?> type, String prefix, String id, String title) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("$id", id);
    schema.put("title", title);
    schema.put("type", "object");
    schema.put("properties", Map.of(prefix, record(type)));
    schema.put("additionalProperties", false);
    return schema;
  }

  private static Map<String, Object> record(Class<?> type) {
    Map<String, Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (Component component : Component.of(type)) {
      Map<String, Object> property = new LinkedHashMap<>();
      property.put("description", component.setting().value());
      property.putAll(component.list() ? list(component) : value(component));
      properties.put(component.key(), property);
      if (component.required()) {
        required.add(component.key());
      }
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    if (!required.isEmpty()) {
      schema.put("required", required);
    }
    schema.put("additionalProperties", false);
    return schema;
  }

  private static Map<String, Object> list(Component component) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "array");
    schema.put(
        "items",
        component.nameKey() == null
            ? value(component)
            : Map.of("anyOf", List.of(Map.of("type", "string"), value(component))));
    return schema;
  }

  private static Map<String, Object> value(Component component) {
    if (component.isRecord()) {
      return record(component.type());
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    Class<?> type = component.type();
    Object byDefault = component.byDefault();
    if (type.isEnum()) {
      schema.put("enum", Component.names(type));
    } else if (type == Duration.class) {
      text(schema, Durations.PATTERN);
    } else if (type == DataSize.class) {
      schema.put("type", List.of("string", "integer"));
      schema.put("pattern", "^" + DataSize.PATTERN + "$");
    } else if (type == String.class) {
      text(schema, component.setting().pattern());
    } else if (type == boolean.class) {
      schema.put("type", "boolean");
      byDefault = byDefault == null ? null : Boolean.valueOf(byDefault.toString());
    } else {
      boolean decimal = type == double.class || type == Double.class;
      schema.put("type", decimal ? "number" : "integer");
      bound(schema, "minimum", component.setting().min());
      bound(schema, "maximum", component.setting().max());
      byDefault = byDefault == null ? null : number(Double.parseDouble(byDefault.toString()));
    }
    if (byDefault != null) {
      schema.put("default", byDefault);
    }
    return schema;
  }

  private static void text(Map<String, Object> schema, String pattern) {
    schema.put("type", "string");
    if (!pattern.isEmpty()) {
      schema.put("pattern", "^(" + pattern + ")$");
    }
  }

  private static void bound(Map<String, Object> schema, String key, double value) {
    if (Double.isFinite(value)) {
      schema.put(key, number(value));
    }
  }

  private static Number number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return (long) value;
    }
    return value;
  }
}
