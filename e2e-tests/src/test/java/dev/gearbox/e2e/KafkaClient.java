package dev.gearbox.e2e;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Somebody who puts requests into Kafka and reads what is committed there. */
final class KafkaClient implements AutoCloseable {
  private final String servers;
  private final KafkaProducer<byte[], byte[]> producer;

  KafkaClient(String servers) {
    this.servers = servers;
    Properties properties = new Properties();
    properties.put("bootstrap.servers", servers);
    properties.put("linger.ms", "5");
    properties.put("max.request.size", Integer.toString(32 << 20));
    producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** A request record's value. {@code more} are further fields, each beginning with a comma. */
  static String request(String id, String model, String text, int tokens, String more) {
    return """
    {"id":"%s","model":"%s","body":{"messages":[{"role":"user","content":"%s"}],"max_tokens":%d,"temperature":0}%s}\
    """
        .formatted(id, model, text, tokens, more);
  }

  void send(String topic, @Nullable String key, @Nullable String value) {
    send(topic, key, value, Map.of());
  }

  /** What cannot be sent shows as a result that does not come. */
  void send(
      String topic, @Nullable String key, @Nullable String value, Map<String, String> headers) {
    var record =
        new ProducerRecord<byte[], byte[]>(
            topic, null, key == null ? null : bytes(key), value == null ? null : bytes(value));
    headers.forEach((name, each) -> record.headers().add(name, bytes(each)));
    var _ = producer.send(record);
  }

  void flush() {
    producer.flush();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Reads a topic from its beginning, as committed. */
  Reader reader(String topic) {
    return new Reader(servers, topic);
  }

  static JsonNode json(ConsumerRecord<String, String> record) {
    return JsonMapper.shared().readTree(record.value());
  }

  static @Nullable String header(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
  }

  /** What was read so far, and more on demand. */
  static final class Reader implements AutoCloseable {
    final List<ConsumerRecord<String, String>> records = new ArrayList<>();
    private final KafkaConsumer<String, String> consumer;

    Reader(String servers, String topic) {
      Properties properties = new Properties();
      properties.put("bootstrap.servers", servers);
      properties.put("isolation.level", "read_committed");
      properties.put("auto.offset.reset", "earliest");
      properties.put("fetch.max.bytes", Integer.toString(64 << 20));
      consumer =
          new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
      // A topic that was created this moment has no partitions in the broker's eyes yet.
      while (consumer.assignment().isEmpty()) {
        consumer.assign(
            consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList());
      }
      consumer.seekToBeginning(consumer.assignment());
    }

    /** Reads on until this many match; fails when they do not come in time. */
    List<ConsumerRecord<String, String>> await(
        int count, Predicate<ConsumerRecord<String, String>> which, Duration longest) {
      long deadline = System.nanoTime() + longest.toNanos();
      while (records.stream().filter(which).count() < count) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError(
              "%d of %d records within %s; read were %d"
                  .formatted(
                      records.stream().filter(which).count(), count, longest, records.size()));
        }
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      return records.stream().filter(which).toList();
    }

    List<ConsumerRecord<String, String>> await(int count, Duration longest) {
      return await(count, any -> true, longest);
    }

    /** Reads whatever comes within this time. */
    void readFor(Duration time) {
      long end = System.nanoTime() + time.toNanos();
      while (System.nanoTime() < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }

    @Override
    public void close() {
      consumer.close();
    }
  }
}
