package dev.gearbox.helm;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * What a gateway's container finds in its pod.
 *
 * @param files of its configuration, by name
 * @param environment variables of the container, those from Secrets included
 */
record RenderedConfig(Map<String, String> files, Map<String, String> environment) {
  /** SHA-256 of "secret": what stands in Secrets that are not the chart's. */
  private static final String DIGEST =
      "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

  static RenderedConfig of(List<JsonNode> objects) {
    JsonNode workload =
        Chart.workloads(objects).stream()
            .filter(
                each -> Chart.pod(each).at("/spec/containers/0/name").asString().equals("gateway"))
            .findFirst()
            .orElseThrow();
    Map<String, String> files = new TreeMap<>();
    Chart.one(objects, "ConfigMap", workload.at("/metadata/name").asString())
        .path("data")
        .properties()
        .forEach(each -> files.put(each.getKey(), each.getValue().asString()));
    Map<String, String> environment = new TreeMap<>();
    for (JsonNode variable : Chart.pod(workload).at("/spec/containers/0/env")) {
      environment.put(variable.path("name").asString(), value(objects, variable));
    }
    return new RenderedConfig(files, environment);
  }

  private static String value(List<JsonNode> objects, JsonNode variable) {
    JsonNode reference = variable.at("/valueFrom/secretKeyRef");
    if (reference.isMissingNode()) {
      return variable.path("value").asString();
    }
    return Chart.of(objects, "Secret").stream()
        .filter(each -> each.at("/metadata/name").equals(reference.path("name")))
        .map(each -> each.path("data").path(reference.path("key").asString()).asString())
        .map(text -> new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8))
        .findFirst()
        .orElse(DIGEST);
  }

  /** Reads it as {@code gearbox config check} does. */
  Configuration load() {
    try {
      Path folder = Files.createTempDirectory("gearbox-config");
      for (var file : files.entrySet()) {
        Files.writeString(folder.resolve(file.getKey()), file.getValue());
      }
      return ConfigLoader.load(folder.resolve("gearbox.yaml"), environment);
    } catch (InvalidSettingsException e) {
      throw new AssertionError("the gateway refuses it: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
