package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.batch.BatchQueue;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.security.Gatekeeper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Has the lines of batches answered through Kafka, by whichever gateway takes them up. One thread
 * writes requests and reads results. Thread-safe.
 *
 * <p>A task is sent when the results that are there already, from the time of its batch on, do not
 * have it. So after a restart nothing is sent again that was answered; what is sent again and only
 * waits there has its id, and gets one result.
 */
public final class KafkaBatchQueue implements BatchQueue {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaBatchQueue.class);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final long TROUBLE = 1_000_000_000;
  private static final long IDLE = 50_000_000;

  private final KafkaConfig config;
  private final KafkaClients clients;
  private final Gatekeeper gatekeeper;
  private final Thread thread;
  private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();
  private final AtomicLong characters = new AtomicLong();
  private final ConcurrentLinkedQueue<Task> outgoing = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  /** Results from this time on were read, milliseconds since 1970; none were at the end of time. */
  private long since = Long.MAX_VALUE;

  private record Waiting(Task task, Consumer<Reply> done) {}

  private KafkaBatchQueue(KafkaConfig config, String instance, Gatekeeper gatekeeper)
      throws IOException {
    this.config = config;
    this.clients = new KafkaClients(config, instance);
    this.gatekeeper = gatekeeper;
    this.thread = Thread.ofPlatform().name("gearbox-kafka-batches").unstarted(this::run);
  }

  /**
   * Starts; returns at once.
   *
   * @param instance name of this gateway
   * @param gatekeeper vouches for whose request a line is
   * @throws IOException when the file with further properties cannot be read
   */
  public static KafkaBatchQueue start(KafkaConfig config, String instance, Gatekeeper gatekeeper)
      throws IOException {
    KafkaBatchQueue queue = new KafkaBatchQueue(config, instance, gatekeeper);
    queue.thread.start();
    return queue;
  }

  @Override
  public boolean hasRoom() {
    return waiting.size() < config.window() && characters.get() < config.windowBytes().bytes();
  }

  @Override
  public Runnable submit(Task task, Consumer<Reply> done) {
    waiting.put(task.id(), new Waiting(task, done));
    characters.addAndGet(task.characters());
    outgoing.add(task);
    return () -> take(task.id());
  }

  private @Nullable Waiting take(String id) {
    Waiting taken = waiting.remove(id);
    if (taken != null) {
      characters.addAndGet(-taken.task().characters());
    }
    return taken;
  }

  private void run() {
    while (!closed) {
      if (waiting.isEmpty()) {
        // No connection for who has no batches.
        LockSupport.parkNanos(IDLE);
        continue;
      }
      try (var results = clients.results();
          Producer<byte[], byte[]> requests = clients.plain()) {
        since = Long.MAX_VALUE;
        outgoing.clear();
        waiting.values().forEach(each -> outgoing.add(each.task()));
        serve(results, requests);
      } catch (InterruptException e) {
        return;
      } catch (KafkaException e) {
        LOG.warn("event=kafka-batches-wait reason=\"{}\"", e.toString());
        LockSupport.parkNanos(TROUBLE);
      }
    }
  }

  private void serve(
      org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> results,
      Producer<byte[], byte[]> requests) {
    while (!closed) {
      long oldest =
          waiting.values().stream().mapToLong(each -> each.task().createdAt()).min().orElse(since);
      if (oldest < since) {
        rewind(results, oldest);
      }
      for (Task next = outgoing.poll(); next != null; next = outgoing.poll()) {
        if (next.createdAt() < since) {
          // It came after the look at the oldest.
          outgoing.add(next);
          break;
        }
        if (waiting.containsKey(next.id())) {
          send(requests, next);
        }
      }
      if (results.assignment().isEmpty()) {
        LockSupport.parkNanos(IDLE);
      } else {
        results.poll(POLL).forEach(this::read);
      }
    }
  }

  /** Reads what is there from a time on; tasks that are answered in it need not be sent. */
  private void rewind(
      org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> results, long from) {
    List<TopicPartition> all =
        results.partitionsFor(config.results()).stream()
            .map(info -> new TopicPartition(info.topic(), info.partition()))
            .toList();
    results.assign(all);
    if (all.isEmpty()) {
      return; // The topic is not there yet, or was created this moment: it is looked for again.
    }
    Map<TopicPartition, Long> times = new HashMap<>();
    all.forEach(partition -> times.put(partition, from));
    Map<TopicPartition, Long> ends = results.endOffsets(all);
    Map<TopicPartition, OffsetAndTimestamp> begins = results.offsetsForTimes(times);
    for (TopicPartition each : all) {
      OffsetAndTimestamp begin = begins.get(each);
      results.seek(each, begin == null ? ends.getOrDefault(each, 0L) : begin.offset());
    }
    while (!closed
        && all.stream().anyMatch(each -> results.position(each) < ends.getOrDefault(each, 0L))) {
      results.poll(POLL).forEach(this::read);
    }
    since = from;
  }

  private void send(Producer<byte[], byte[]> requests, Task task) {
    byte[] id = task.id().getBytes(StandardCharsets.UTF_8);
    // Under its own key, so that one sent again meets the first in one partition.
    var record = new ProducerRecord<byte[], byte[]>(config.requests(), null, id, value(task));
    record
        .headers()
        .add(
            RecordReader.VOUCHER,
            gatekeeper.vouch(task.caller(), task.id()).getBytes(StandardCharsets.UTF_8));
    var _ =
        requests.send(
            record,
            (metadata, failure) -> {
              if (failure != null) {
                outgoing.add(task);
              }
            });
  }

  private static byte[] value(Task task) {
    var out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JsonMapper.shared().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("id", task.id());
      if (!task.body().has("service_tier")) {
        json.writeStringProperty("class", dev.gearbox.gateway.api.ServiceClasses.BATCH);
      }
      json.writeStringProperty("deadline", Instant.ofEpochMilli(task.due()).toString());
      json.writePOJOProperty("body", task.body());
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private void read(ConsumerRecord<byte[], byte[]> record) {
    Header kind = record.headers().lastHeader(Letters.KIND);
    Header id = record.headers().lastHeader(Letters.ID);
    if (kind == null || id == null || !Letters.RESULT.equals(text(kind.value()))) {
      return;
    }
    Waiting mine = take(text(id.value()));
    if (mine != null && record.value() != null) {
      mine.done().accept(reply(mine.task(), JsonMapper.shared().readTree(record.value())));
    }
  }

  private static Reply reply(Task task, JsonNode json) {
    int status = json.path("status").asInt();
    String decision = json.path("decision_id").asString(task.id());
    JsonNode error = json.path("error");
    if (error.isMissingNode()) {
      return new Reply(status, decision, json.path("body").toString(), null);
    }
    Refusal refusal =
        new Refusal(
            status,
            error.path("type").asString(""),
            error.path("code").asString(""),
            error.path("message").asString(""),
            error.path("param").asString(null),
            null,
            List.of(),
            null);
    return new Reply(status, decision, "{\"error\":" + error + "}", refusal);
  }

  private static String text(byte @Nullable [] value) {
    return value == null ? "" : new String(value, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join(Duration.ofSeconds(10).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
