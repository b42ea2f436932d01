package dev.gearbox.gateway.records;

import dev.gearbox.policy.decide.DecisionRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/**
 * Reads the decision records of a file: one that {@link RecordStore} wrote, or text with a record,
 * a list of records as {@code GET /v1/decisions} gives it, or a record a line. What is damaged is
 * told and passed over.
 */
public final class RecordReader {
  /**
   * What could not be read.
   *
   * @param where place in the file
   * @param what is wrong there
   */
  public record Damage(String where, String what) {
    @Override
    public String toString() {
      return where + ": " + what;
    }
  }

  private RecordReader() {}

  /**
   * Reads all that is readable.
   *
   * @throws IOException when the file cannot be read at all
   */
  public static void read(Path file, Consumer<DecisionRecord> record, Consumer<Damage> damaged)
      throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    if (RecordBlocks.begins(bytes)) {
      RecordBlocks.read(
          bytes,
          (at, text) -> lines(text, "byte " + at + ", line ", record, damaged),
          (at, what) -> damaged.accept(new Damage("byte " + at, what)));
      return;
    }
    String text = new String(bytes, java.nio.charset.StandardCharsets.UTF_8).strip();
    if (text.contains("\n{")) {
      lines(text, "line ", record, damaged);
    } else {
      one(text, "the file", record, damaged);
    }
  }

  private static void lines(
      String text, String where, Consumer<DecisionRecord> record, Consumer<Damage> damaged) {
    int line = 1;
    for (String each : text.split("\n", -1)) {
      if (!each.isBlank()) {
        one(each, where + line, record, damaged);
      }
      line++;
    }
  }

  private static void one(
      String text, String where, Consumer<DecisionRecord> record, Consumer<Damage> damaged) {
    try {
      JsonNode json = RecordJson.parse(text);
      if (json.path("data").isArray()) {
        json.path("data").forEach(each -> record.accept(RecordJson.read(each)));
      } else {
        record.accept(RecordJson.read(json));
      }
    } catch (IllegalArgumentException e) {
      damaged.accept(new Damage(where, String.valueOf(e.getMessage())));
    }
  }
}
