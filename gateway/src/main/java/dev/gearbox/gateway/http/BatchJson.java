package dev.gearbox.gateway.http;

import dev.gearbox.gateway.batch.Batch;
import dev.gearbox.gateway.batch.StoredFile;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Files and batches as OpenAI's clients read them. */
final class BatchJson {
  private BatchJson() {}

  static byte[] file(StoredFile file) {
    return object(json -> {
      json.writeStringProperty("id", file.id());
      json.writeStringProperty("object", "file");
      json.writeNumberProperty("bytes", file.bytes());
      json.writeNumberProperty("created_at", file.createdAt());
      json.writeStringProperty("filename", file.name());
      json.writeStringProperty("purpose", file.purpose());
      json.writeStringProperty("status", "processed");
    });
  }

  static byte[] deleted(String id) {
    return object(json -> {
      json.writeStringProperty("id", id);
      json.writeStringProperty("object", "file");
      json.writeBooleanProperty("deleted", true);
    });
  }

  static byte[] batch(Batch batch, @Nullable String outputFile, @Nullable String errorFile) {
    return object(json -> {
      json.writeStringProperty("id", batch.id());
      json.writeStringProperty("object", "batch");
      json.writeStringProperty("endpoint", batch.endpoint());
      errors(json, batch);
      json.writeStringProperty("input_file_id", batch.inputFile());
      json.writeStringProperty("completion_window", batch.window());
      json.writeStringProperty("status", batch.status().word());
      json.writeStringProperty("output_file_id", outputFile);
      json.writeStringProperty("error_file_id", errorFile);
      json.writeNumberProperty("expires_at", batch.expiresAt());
      for (String time :
          List.of(
              "created",
              "in_progress",
              "finalizing",
              "completed",
              "failed",
              "expired",
              "cancelling",
              "cancelled")) {
        Long at = batch.times().get(time);
        if (at == null) {
          json.writeNullProperty(time + "_at");
        } else {
          json.writeNumberProperty(time + "_at", at);
        }
      }
      json.writeObjectPropertyStart("request_counts");
      json.writeNumberProperty("total", batch.counts().total());
      json.writeNumberProperty("completed", batch.counts().completed());
      json.writeNumberProperty("failed", batch.counts().failed());
      json.writeEndObject();
      json.writeObjectPropertyStart("metadata");
      batch.metadata().forEach(json::writeStringProperty);
      json.writeEndObject();
    });
  }

  private static void errors(JsonGenerator json, Batch batch) {
    if (batch.errors().isEmpty()) {
      json.writeNullProperty("errors");
      return;
    }
    json.writeObjectPropertyStart("errors");
    json.writeStringProperty("object", "list");
    json.writeArrayPropertyStart("data");
    for (Batch.Problem each : batch.errors()) {
      json.writeStartObject();
      json.writeStringProperty("code", each.code());
      json.writeStringProperty("message", each.message());
      json.writeNullProperty("param");
      Integer line = each.line();
      if (line == null) {
        json.writeNullProperty("line");
      } else {
        json.writeNumberProperty("line", line);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /** A page of those found, of which one more than {@code most} says that there are more. */
  static <T> byte[] list(List<T> found, int most, Function<T, String> id, Function<T, byte[]> as) {
    List<T> page = found.subList(0, Math.min(most, found.size()));
    return object(json -> {
      json.writeStringProperty("object", "list");
      json.writeArrayPropertyStart("data");
      page.forEach(each -> json.writeRawValue(new String(as.apply(each), StandardCharsets.UTF_8)));
      json.writeEndArray();
      json.writeStringProperty("first_id", page.isEmpty() ? null : id.apply(page.getFirst()));
      json.writeStringProperty("last_id", page.isEmpty() ? null : id.apply(page.getLast()));
      json.writeBooleanProperty("has_more", found.size() > most);
    });
  }

  private static byte[] object(Consumer<JsonGenerator> fields) {
    var out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JsonMapper.shared().createGenerator(out)) {
      json.writeStartObject();
      fields.accept(json);
      json.writeEndObject();
    }
    return out.toByteArray();
  }
}
