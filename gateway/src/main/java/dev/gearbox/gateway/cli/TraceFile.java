package dev.gearbox.gateway.cli;

import dev.gearbox.policy.simulate.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Reads traces of requests: Azure LLM inference CSV ({@code
 * TIMESTAMP,ContextTokens,GeneratedTokens}), BurstGPT CSV ({@code Timestamp,…,Request
 * tokens,Response tokens,…}; its failed requests, with no response tokens, are left out) and
 * Mooncake JSONL. Which one it is, its first line says.
 */
final class TraceFile {
  private TraceFile() {}

  /**
   * Reads {@code file}.
   *
   * @throws IllegalArgumentException naming file and line of what cannot be read
   */
  static Trace read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty()) {
      throw new IllegalArgumentException(file + " is empty");
    }
    String head = lines.getFirst().strip();
    LineReader reader = reader(file, head);
    List<Trace.Row> rows = new ArrayList<>();
    for (int i = head.startsWith("{") ? 0 : 1; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty()) {
        rows.add(row(file, i + 1, line, reader));
      }
    }
    rows.removeIf(row -> row.outputTokens() == 0);
    rows.sort(Comparator.comparingDouble(Trace.Row::seconds));
    if (rows.size() < 2) {
      throw new IllegalArgumentException(file + " has fewer than two requests");
    }
    return new Trace(file.getFileName().toString(), rows);
  }

  /** One format. */
  private interface LineReader {
    Trace.Row read(String line);
  }

  private static LineReader reader(Path file, String head) {
    if (head.startsWith("{")) {
      return TraceFile::mooncake;
    }
    List<String> columns = List.of(head.replace("\"", "").toLowerCase(Locale.ROOT).split(",", -1));
    if (columns.contains("contexttokens") && columns.contains("generatedtokens")) {
      return csv(columns, "timestamp", "contexttokens", "generatedtokens");
    }
    if (columns.contains("request tokens") && columns.contains("response tokens")) {
      return csv(columns, "timestamp", "request tokens", "response tokens");
    }
    throw new IllegalArgumentException(
        file + ":1: neither an Azure nor a BurstGPT header nor Mooncake's JSON: " + head);
  }

  private static Trace.Row row(Path file, int number, String line, LineReader reader) {
    try {
      Trace.Row row = reader.read(line);
      if (row.promptTokens() < 0 || row.outputTokens() < 0 || !Double.isFinite(row.seconds())) {
        throw new IllegalArgumentException("numbers must not be negative");
      }
      return row;
    } catch (IllegalArgumentException | DateTimeParseException | JacksonException e) {
      throw new IllegalArgumentException(file + ":" + number + ": " + e.getMessage(), e);
    }
  }

  private static LineReader csv(List<String> columns, String time, String prompt, String output) {
    int at = columns.indexOf(time);
    int in = columns.indexOf(prompt);
    int out = columns.indexOf(output);
    if (at < 0) {
      throw new IllegalArgumentException("no column " + time);
    }
    return line -> {
      String[] cells = line.split(",", -1);
      if (cells.length != columns.size()) {
        throw new IllegalArgumentException(
            "expected %d columns, got %d".formatted(columns.size(), cells.length));
      }
      return new Trace.Row(seconds(cells[at]), tokens(cells[in]), tokens(cells[out]), List.of());
    };
  }

  private static double seconds(String cell) {
    String text = cell.strip();
    if (text.indexOf(':') < 0) {
      return Double.parseDouble(text);
    }
    LocalDateTime time = LocalDateTime.parse(text.replace(' ', 'T'));
    Duration since = Duration.between(LocalDateTime.of(2000, 1, 1, 0, 0), time);
    return since.toNanos() / 1e9;
  }

  private static int tokens(String cell) {
    return Integer.parseInt(cell.strip());
  }

  private static Trace.Row mooncake(String line) {
    JsonNode json = Json.parse(line);
    for (String key : List.of("timestamp", "input_length", "output_length")) {
      if (!json.path(key).isNumber()) {
        throw new IllegalArgumentException("expected a number '" + key + "'");
      }
    }
    List<Long> blocks = new ArrayList<>();
    json.path("hash_ids").forEach(id -> blocks.add(id.asLong()));
    return new Trace.Row(
        json.path("timestamp").asDouble() / 1e3,
        json.path("input_length").asInt(),
        json.path("output_length").asInt(),
        blocks);
  }
}
