package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.SchemaWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The JSON Schema of the configuration. */
public final class ConfigSchema {
  private static final String RESOURCE = "config.schema.json";

  private ConfigSchema() {}

  /** The schema as it is shipped. */
  public static String text() {
    try (InputStream in = ConfigSchema.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The schema as the records say it; a test holds the shipped one against this. */
  static String generated() {
    return JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsString(
                SchemaWriter.schema(
                    GearboxConfig.class,
                    ConfigLoader.PREFIX,
                    "https://gearbox.dev/config.schema.json",
                    "Gearbox configuration"))
        + "\n";
  }
}
