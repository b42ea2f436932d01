package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.config.KafkaConfig;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;

/**
 * Reads which requests have results, from the results themselves: whatever a transaction left
 * behind, a result that a reader can see is seen here too. Read at the start and whenever
 * partitions change hands, from where it stopped. Not thread-safe.
 */
final class ResultTail implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(60);
  private static final byte[] RESULT =
      Letters.RESULT.getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  private final Consumer<byte[], byte[]> consumer;
  private final KafkaConfig config;
  private final KnownIds known;
  private final InstantSource time;
  private final Map<TopicPartition, Long> next = new HashMap<>();

  /**
   * Reads with a consumer of its own, which is closed with it.
   *
   * @param consumer of no group, that reads what is committed
   */
  ResultTail(
      Consumer<byte[], byte[]> consumer, KafkaConfig config, KnownIds known, InstantSource time) {
    this.consumer = consumer;
    this.config = config;
    this.known = known;
    this.time = time;
  }

  /**
   * Adds the ids of all results that are there at this moment, within the configured bounds.
   *
   * @throws org.apache.kafka.common.KafkaException when the broker cannot be reached
   */
  void catchUp() {
    int most = config.dedupe().results();
    if (most == 0) {
      return;
    }
    List<TopicPartition> all =
        consumer.partitionsFor(config.results()).stream()
            .map(info -> new TopicPartition(info.topic(), info.partition()))
            .toList();
    consumer.assign(all);
    Map<TopicPartition, Long> ends = consumer.endOffsets(all);
    Map<TopicPartition, Long> begins = begins(all);
    long each = Math.max(1, most / Math.max(1, all.size()));
    for (TopicPartition partition : all) {
      long end = ends.getOrDefault(partition, 0L);
      long from = Math.max(begins.getOrDefault(partition, 0L), end - each);
      consumer.seek(partition, Math.min(from, end));
    }
    long give = System.nanoTime() + LONGEST;
    while (all.stream().anyMatch(p -> consumer.position(p) < ends.getOrDefault(p, 0L))) {
      consumer.poll(POLL).forEach(this::note);
      if (System.nanoTime() > give) {
        throw new TimeoutException("results could not be read within a minute");
      }
    }
    all.forEach(partition -> next.put(partition, consumer.position(partition)));
  }

  private Map<TopicPartition, Long> begins(List<TopicPartition> all) {
    Map<TopicPartition, Long> begins = new HashMap<>(next);
    Map<TopicPartition, Long> since = new HashMap<>();
    long oldest = time.millis() - config.dedupe().window().toMillis();
    all.stream().filter(p -> !next.containsKey(p)).forEach(p -> since.put(p, oldest));
    Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(since);
    found.forEach(
        (partition, at) -> begins.put(partition, at == null ? Long.MAX_VALUE : at.offset()));
    return begins;
  }

  private void note(ConsumerRecord<byte[], byte[]> record) {
    Header kind = record.headers().lastHeader(Letters.KIND);
    Header id = record.headers().lastHeader(Letters.ID);
    if (kind != null && id != null && id.value() != null && Arrays.equals(kind.value(), RESULT)) {
      known.add(id.value());
    }
  }

  @Override
  public void close() {
    consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ZERO));
  }
}
