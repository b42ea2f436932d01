package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.JsonBody;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.RequestParser;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.security.Credentials;
import dev.gearbox.gateway.security.Security;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Makes a {@link Job} of a record, or says what is wrong with that record alone. */
final class RecordReader {
  /** Header of a gateway's own requests: whose they are. */
  static final String VOUCHER = "gearbox-tenant";

  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final Logger LOG = LoggerFactory.getLogger(RecordReader.class);
  private static final int MAX_ID = 256;
  private static final Map<String, String> TIMES =
      Map.of("ttft", "x-slo-ttft-ms", "tpot", "x-slo-tpot-ms", "deadline", "x-slo-deadline-ms");
  private static final Map<String, String> NUMBERS =
      Map.of("quality", "x-slo-min-quality", "cost", "x-slo-max-cost");
  private static final Set<String> OF_HTTP_ALONE = Set.of("x-stainless-read-timeout");

  private final RequestParser parser;
  private final Security security;
  private final long maxBytes;
  private final boolean streaming;
  private final LongSupplier clock;

  /** A record that is a request, or not. */
  sealed interface Read {
    /** It is one. */
    record Good(Job job) implements Read {}

    /**
     * It is none.
     *
     * @param id of the request, where it can be seen
     */
    record Bad(@Nullable String id, Refusal refusal) implements Read {}
  }

  /**
   * Reads for one gateway.
   *
   * @param security who asks, by the header {@code authorization}, or whom another gateway vouches
   *     for
   * @param streaming whether requests may be answered token by token
   */
  RecordReader(
      RequestParser parser,
      Security security,
      long maxBytes,
      boolean streaming,
      LongSupplier clock) {
    this.parser = parser;
    this.security = security;
    this.maxBytes = maxBytes;
    this.streaming = streaming;
    this.clock = clock;
  }

  Read read(ConsumerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    if (value == null) {
      return new Read.Bad(null, Refusal.invalid(null, "the record has no value"));
    }
    if (value.length > maxBytes) {
      String message = "a record may have up to %d bytes, got %d".formatted(maxBytes, value.length);
      return new Read.Bad(idIn(value), Refusal.of(ErrorCode.REQUEST_TOO_LARGE, message));
    }
    return switch (JsonBody.read(value)) {
      case Result.Refused<ObjectNode>(Refusal refusal) -> new Read.Bad(idIn(value), refusal);
      case Result.Ok<ObjectNode>(ObjectNode json) -> read(record, json);
    };
  }

  private Read read(ConsumerRecord<byte[], byte[]> record, ObjectNode json) {
    JsonNode given = json.get("id");
    if (given == null || !given.isString() || given.stringValue().isEmpty()) {
      return new Read.Bad(null, Refusal.invalid("id", "id is required: a string"));
    }
    String id = given.stringValue();
    if (id.length() > MAX_ID) {
      String message = "id takes up to " + MAX_ID + " characters, got " + id.length();
      return new Read.Bad(null, Refusal.invalid("id", message));
    }
    try {
      return new Read.Good(job(record, json, id));
    } catch (BadRecordException e) {
      return new Read.Bad(id, e.refusal());
    } catch (RuntimeException e) {
      // A mistake of ours must not hold up the partition.
      LOG.error("event=kafka-record-unreadable reason=\"{}\"", e.toString(), e);
      return new Read.Bad(id, Refusal.of(ErrorCode.INTERNAL_ERROR, "the record could not be read"));
    }
  }

  private Result<Caller> caller(ConsumerRecord<byte[], byte[]> record, String id) {
    String voucher = header(record, VOUCHER);
    Result<Caller> caller =
        voucher != null
            ? security.gatekeeper().vouched(voucher, id)
            : security
                .gatekeeper()
                .check(new Credentials(HERE, header(record, "authorization"), Set.of()));
    if (caller instanceof Result.Refused<Caller>(Refusal why)) {
      String from = record.topic() + "-" + record.partition() + "@" + record.offset();
      security.audit().refused("kafka", from, "record", why.status(), why.message());
    }
    return caller;
  }

  private Job job(ConsumerRecord<byte[], byte[]> record, ObjectNode json, String id) {
    Map<String, String> said = new HashMap<>();
    String named = text(json, "class");
    if (named != null) {
      said.put("x-slo-class", named);
    }
    targets(json.get("targets"), said);
    long deadline = deadline(text(json, "deadline"));
    ObjectNode body = body(json);
    Caller caller = value(caller(record, id));
    AnswerKind kind = body.has("messages") ? AnswerKind.CHAT : AnswerKind.COMPLETION;
    InferenceRequest request =
        value(
            parser.parse(
                internalId(),
                kind,
                body,
                name -> said.containsKey(name) ? said.get(name) : header(record, name),
                caller,
                clock.getAsLong()));
    RetryHeaders retry = RetryHeaders.of(record);
    // A span counts from when the client put the request there, as an HTTP call's from its arrival.
    Duration span = request.terms().targets().deadline();
    long due = span == null ? Job.NEVER : retry.born() + span.toMillis();
    return new Job(record, id, request, Math.min(due, deadline), retry);
  }

  private static <T> T value(Result<T> result) {
    return switch (result) {
      case Result.Ok<T>(T value) -> value;
      case Result.Refused<T>(Refusal refusal) -> throw BadRecordException.of(refusal);
    };
  }

  private ObjectNode body(ObjectNode json) {
    if (!(json.get("body") instanceof ObjectNode body)) {
      throw BadRecordException.of("body", "body is required: the request as the API takes it");
    }
    String model = text(json, "model");
    if (model != null && !body.has("model")) {
      body.put("model", model);
    }
    if (!streaming) {
      body.put("stream", false);
      body.remove("stream_options");
    }
    return body;
  }

  private static void targets(@Nullable JsonNode node, Map<String, String> said) {
    if (node == null || node.isNull()) {
      return;
    }
    if (!(node instanceof ObjectNode targets)) {
      throw BadRecordException.of("targets", "targets must be an object");
    }
    for (Map.Entry<String, JsonNode> each : targets.properties()) {
      String name = each.getKey();
      JsonNode value = each.getValue();
      String param = "targets." + name;
      if (TIMES.containsKey(name)) {
        said.put(TIMES.get(name), millis(param, value));
      } else if (NUMBERS.containsKey(name) && value.isNumber()) {
        said.put(NUMBERS.get(name), value.asString());
      } else if (NUMBERS.containsKey(name)) {
        throw BadRecordException.of(param, param + " must be a number");
      } else {
        throw BadRecordException.of(
            param, "targets has ttft, tpot, deadline, quality and cost, got " + shown(name));
      }
    }
  }

  /** {@code 300}, in milliseconds, or {@code "300ms"}, {@code "5s"}, {@code "1h"}. */
  private static String millis(String param, JsonNode value) {
    if (value.isNumber()) {
      return value.asString();
    }
    String text = value.isString() ? value.stringValue().strip() : "";
    for (var unit : Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L).entrySet()) {
      String number = text.substring(0, Math.max(0, text.length() - unit.getKey().length()));
      if (text.endsWith(unit.getKey()) && number.matches("\\d{1,9}(\\.\\d{1,6})?")) {
        return Double.toString(Double.parseDouble(number) * unit.getValue());
      }
    }
    throw BadRecordException.of(
        param, param + " must be a number of milliseconds, or like \"300ms\", \"5s\", \"1h\"");
  }

  private static long deadline(@Nullable String text) {
    if (text == null) {
      return Job.NEVER;
    }
    try {
      return OffsetDateTime.parse(text).toInstant().toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw BadRecordException.of(
          "deadline", "deadline must be a time as in RFC 3339, got " + shown(text));
    }
  }

  private static @Nullable String text(ObjectNode json, String name) {
    JsonNode value = json.get(name);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isString()) {
      throw BadRecordException.of(name, name + " must be a string");
    }
    return value.stringValue();
  }

  private static @Nullable String header(ConsumerRecord<byte[], byte[]> record, String name) {
    if (OF_HTTP_ALONE.contains(name)) {
      return null;
    }
    Header header = record.headers().lastHeader(name);
    byte[] value = header == null ? null : header.value();
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }

  /** The id of what is no request otherwise, so that its client hears of it. */
  private static @Nullable String idIn(byte[] value) {
    try (JsonParser json = JsonMapper.shared().createParser(value)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        boolean id = json.currentName().equals("id");
        JsonToken token = json.nextToken();
        if (id) {
          String text = token == JsonToken.VALUE_STRING ? json.getString() : "";
          return text.isEmpty() || text.length() > MAX_ID ? null : text;
        }
        json.skipChildren();
      }
      return null;
    } catch (JacksonException e) {
      return null;
    }
  }

  private static String shown(String value) {
    return value.length() <= 40 ? value : value.substring(0, 40) + "…";
  }

  /** Clients choose their ids; engines need some that nobody else has. */
  private static String internalId() {
    var random = ThreadLocalRandom.current();
    return "%016x%08x".formatted(random.nextLong(), random.nextInt());
  }
}
