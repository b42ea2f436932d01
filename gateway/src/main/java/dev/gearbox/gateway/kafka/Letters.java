package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.stream.ErrorJson;
import dev.gearbox.gateway.stream.Opening;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** Writes records: results, pieces of streamed ones, dead letters, and requests put off. */
final class Letters {
  /** Of results and pieces: the id of the request. */
  static final String ID = "gearbox-id";

  /** Of results and pieces: {@code result} or {@code chunk}. */
  static final String KIND = "gearbox-kind";

  static final String RESULT = "result";

  /** Topics take a megabyte unless told otherwise, headers and all. */
  private static final int MOST_BYTES = 1_000_000;

  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final Set<String> SECRET = Set.of("authorization", RecordReader.VOUCHER);

  private final KafkaConfig config;

  Letters(KafkaConfig config) {
    this.config = config;
  }

  /**
   * The result of a request, under the key of its record.
   *
   * @param ageMillis since the client put it into the queue
   */
  ProducerRecord<byte[], byte[]> result(
      ConsumerRecord<byte[], byte[]> from, String id, Answer answer, long ageMillis) {
    byte[] value = value(id, answer, ageMillis);
    if (value.length > MOST_BYTES) {
      String message =
          "the answer has %d bytes, and a record takes up to %d"
              .formatted(value.length, MOST_BYTES);
      Refusal refusal = Refusal.of(ErrorCode.REQUEST_TOO_LARGE, message);
      value = value(id, Answer.refused(refusal), ageMillis);
    }
    var result = new ProducerRecord<byte[], byte[]>(config.results(), null, from.key(), value);
    result.headers().add(ID, utf8(id)).add(KIND, utf8(RESULT));
    copy(from.headers(), result.headers(), "traceparent");
    return result;
  }

  private static byte[] value(String id, Answer answer, long ageMillis) {
    var out = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = MAPPER.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("id", id);
      json.writeNumberProperty("status", answer.status());
      String body = answer.body();
      Refusal refusal = answer.refusal();
      if (refusal != null) {
        json.writeName("error");
        // The object inside of {"error":…}
        byte[] error = ErrorJson.bytes(refusal);
        json.writeRawValue(new String(error, 9, error.length - 10, StandardCharsets.UTF_8));
      } else if (body != null) {
        json.writeName("body");
        json.writeRawValue(body);
      }
      Opening opening = answer.opening();
      json.writeStringProperty("variant", opening == null ? null : opening.variant());
      json.writeStringProperty("decision_id", decision(opening, refusal));
      json.writeObjectPropertyStart("usage");
      json.writeNumberProperty("prompt_tokens", answer.prompt());
      json.writeNumberProperty("completion_tokens", answer.generated());
      json.writeNumberProperty("total_tokens", answer.prompt() + answer.generated());
      json.writeEndObject();
      json.writeObjectPropertyStart("timings");
      json.writeNumberProperty("age_ms", ageMillis);
      json.writeNumberProperty("ttft_ms", millis(answer.ttftNanos()));
      json.writeNumberProperty("total_ms", millis(answer.totalNanos()));
      json.writeEndObject();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  /** To the microsecond. */
  private static double millis(long nanos) {
    return Math.rint(nanos / 1e3) / 1e3;
  }

  private static @Nullable String decision(@Nullable Opening opening, @Nullable Refusal refusal) {
    return opening != null ? opening.decisionId() : refusal == null ? null : refusal.decisionId();
  }

  /**
   * One piece of a streamed answer; null for an event that says nothing.
   *
   * @param run distinguishes generations of one request: after a crash it begins anew
   */
  @Nullable ProducerRecord<byte[], byte[]> piece(String id, String run, int number, String event) {
    if (!event.startsWith("data: {")) {
      return null;
    }
    var out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = MAPPER.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("id", id);
      json.writeStringProperty("run", run);
      json.writeNumberProperty("number", number);
      json.writeName("chunk");
      json.writeRawValue(event.substring(6).strip());
      json.writeEndObject();
    }
    var piece =
        new ProducerRecord<byte[], byte[]>(config.results(), null, utf8(id), out.toByteArray());
    piece.headers().add(ID, utf8(id)).add(KIND, utf8("chunk"));
    return piece;
  }

  /** The record as it was, with why nobody answers it and where it stood. */
  ProducerRecord<byte[], byte[]> dead(
      ConsumerRecord<byte[], byte[]> from, String reason, String message) {
    RetryHeaders retry = RetryHeaders.of(from);
    byte[] original = from.value();
    boolean fits = original == null || original.length <= MOST_BYTES - 64 * 1024;
    var dead =
        new ProducerRecord<byte[], byte[]>(
            config.deadLetters(), null, from.key(), fits ? original : null);
    for (Header header : from.headers()) {
      if (!SECRET.contains(header.key()) && !header.key().equals(RetryHeaders.NAME)) {
        dead.headers().add(header);
      }
    }
    String[] position = retry.position().split("/", 3);
    dead.headers()
        .add("gearbox-dead-reason", utf8(reason))
        .add("gearbox-dead-message", utf8(message))
        .add("gearbox-dead-topic", utf8(position[0]))
        .add("gearbox-dead-partition", utf8(position[1]))
        .add("gearbox-dead-offset", utf8(position[2]))
        .add("gearbox-dead-timestamp", utf8(Long.toString(retry.born())))
        .add("gearbox-dead-attempts", utf8(Integer.toString(retry.attempt() + 1)));
    if (!fits) {
      String left = "left out, " + original.length + " bytes";
      dead.headers().add("gearbox-dead-value", utf8(left));
    }
    return dead;
  }

  /** The request once more, not before {@code later}. */
  ProducerRecord<byte[], byte[]> again(ConsumerRecord<byte[], byte[]> from, long later) {
    var again =
        new ProducerRecord<byte[], byte[]>(config.retries(), null, from.key(), from.value());
    for (Header header : from.headers()) {
      if (!header.key().equals(RetryHeaders.NAME)) {
        again.headers().add(header);
      }
    }
    again.headers().add(RetryHeaders.NAME, RetryHeaders.of(from).next(later).bytes());
    return again;
  }

  private static void copy(Headers from, Headers to, String name) {
    Header header = from.lastHeader(name);
    if (header != null) {
      to.add(header);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
