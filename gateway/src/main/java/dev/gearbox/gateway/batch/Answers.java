package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.batch.Batch.Problem;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of answers that grows line by line. What is in it when it is opened is kept, but for a
 * last line that a crash tore. Not thread-safe.
 */
final class Answers implements Closeable {
  private static final Pattern ID = Pattern.compile("\\{\"id\":\"batch_req_[0-9a-z]+_(\\d{1,9})\"");
  private static final int LONGEST_LINE = 64 << 20;

  /** How the line of a request ends that expired; no answer ends so. */
  private static final String EXPIRED_END =
      "\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}"
          .formatted(Problem.EXPIRED.code(), Problem.EXPIRED.message());

  private final Vault.Sink sink;
  private final BitSet answered;
  private boolean expired;
  private boolean dirty;

  private Answers(Vault.Sink sink, BitSet answered, boolean expired) {
    this.sink = sink;
    this.answered = answered;
    this.expired = expired;
  }

  static Answers open(Path file, Vault vault) throws IOException {
    BitSet answered = new BitSet();
    boolean expired = false;
    Vault.Sink sink = vault.append(file);
    try (JsonLines lines = new JsonLines(vault.read(file, false), LONGEST_LINE)) {
      for (var line = lines.next(); line != null; line = lines.next()) {
        String text = line.text() == null ? "" : line.text();
        Matcher id = ID.matcher(text);
        if (id.lookingAt()) {
          answered.set(Integer.parseInt(id.group(1)));
        }
        expired |= text.endsWith(EXPIRED_END);
      }
      return new Answers(sink, answered, expired);
    } catch (IOException | RuntimeException e) {
      sink.close();
      throw e;
    }
  }

  /** Numbers of the lines that are answered here. */
  BitSet answered() {
    return answered;
  }

  /** Whether the batch expired before some of them were. */
  boolean expired() {
    return expired;
  }

  /**
   * Adds the answer to a line.
   *
   * @param batch its batch's id without its prefix
   * @param line its number
   * @param customId null where it had none
   * @param error code and message where no engine was asked; null otherwise
   */
  void add(
      String batch,
      int line,
      @Nullable String customId,
      BatchQueue.@Nullable Reply reply,
      @Nullable Problem error)
      throws IOException {
    var out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JsonMapper.shared().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("id", "batch_req_" + batch + "_" + line);
      json.writeStringProperty("custom_id", customId);
      if (reply == null) {
        json.writeNullProperty("response");
      } else {
        json.writeObjectPropertyStart("response");
        json.writeNumberProperty("status_code", reply.status());
        json.writeStringProperty("request_id", reply.requestId());
        json.writeName("body");
        json.writeRawValue(reply.body());
        json.writeEndObject();
      }
      if (error == null) {
        json.writeNullProperty("error");
      } else {
        json.writeObjectPropertyStart("error");
        json.writeStringProperty("code", error.code());
        json.writeStringProperty("message", error.message());
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    out.writeBytes("\n".getBytes(StandardCharsets.US_ASCII));
    sink.write(out.toByteArray());
    answered.set(line);
    expired |= Problem.EXPIRED.equals(error);
    dirty = true;
  }

  /** Says that no answer follows. */
  void finish() throws IOException {
    sink.finish();
    dirty = true;
  }

  /** What was added is on the disk when this returns. */
  void force() throws IOException {
    if (dirty) {
      sink.force();
      dirty = false;
    }
  }

  @Override
  public void close() throws IOException {
    sink.close();
  }
}
