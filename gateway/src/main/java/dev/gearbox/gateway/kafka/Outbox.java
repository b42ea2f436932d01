package dev.gearbox.gateway.kafka;

import dev.gearbox.telemetry.meter.KafkaMeters;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes outcomes and the offsets that they finish in one transaction, many at a time. Not
 * thread-safe: its intake's thread owns it.
 *
 * <p>INVARIANT: what a transaction commits of a partition speaks of entries that are in it or were
 * in one before. So entries count as finished only when they enter a batch, a batch whose
 * transaction was aborted is sent again before anything else, and after a commit without an answer
 * nothing is sent until the broker has said what became of it.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);
  private static final int MOST = 1000;

  private final Supplier<Producer<byte[], byte[]>> producers;
  private final KafkaMeters meters;
  private final Consumer<Entry> committed;
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private final List<Entry> batch = new ArrayList<>();
  private @Nullable Producer<byte[], byte[]> producer;
  private long oldest;

  /** What became of a transaction. */
  enum Sent {
    NOTHING,
    COMMITTED,
    ABORTED,
    UNCERTAIN
  }

  /**
   * An outbox without a connection.
   *
   * @param producers makes transactional ones, all with one transactional id
   * @param committed told of each entry that is committed
   */
  Outbox(
      Supplier<Producer<byte[], byte[]>> producers, KafkaMeters meters, Consumer<Entry> committed) {
    this.producers = producers;
    this.meters = meters;
    this.committed = committed;
  }

  void add(Entry entry, long nowNanos) {
    if (waiting.isEmpty()) {
      oldest = nowNanos;
    }
    waiting.add(entry);
  }

  int size() {
    return waiting.size() + batch.size();
  }

  /** Whether it is time for a transaction. */
  boolean due(long nowNanos, Duration linger) {
    return !batch.isEmpty()
        || waiting.size() >= MOST
        || (!waiting.isEmpty() && nowNanos - oldest >= linger.toNanos());
  }

  boolean open() {
    return producer != null;
  }

  /**
   * Connects: whatever an earlier producer of the same transactional id left open is decided when
   * this returns, and that producer can commit nothing more.
   *
   * @throws KafkaException while the broker cannot be reached
   */
  void connect() {
    Producer<byte[], byte[]> next = producers.get();
    try {
      next.initTransactions();
      producer = next;
    } finally {
      if (producer == null) {
        next.close(Duration.ZERO);
      }
    }
  }

  /** Sends what waits, if anything does. */
  Sent flush(Partitions partitions, Supplier<ConsumerGroupMetadata> group) {
    Producer<byte[], byte[]> open = producer;
    if (open == null) {
      return Sent.UNCERTAIN;
    }
    fill(partitions);
    if (batch.isEmpty()) {
      return Sent.NOTHING;
    }
    Set<TopicPartition> touched = new HashSet<>();
    try {
      open.beginTransaction();
      for (Entry entry : batch) {
        for (var record : entry.records()) {
          // What fails here fails the commit.
          var _ = open.send(record);
        }
        if (entry.offset() >= 0) {
          touched.add(entry.partition());
        }
      }
      if (!touched.isEmpty()) {
        open.sendOffsetsToTransaction(partitions.commits(touched), group.get());
      }
      open.commitTransaction();
    } catch (KafkaException | IllegalStateException e) {
      return abort(open, e);
    }
    meters.committed();
    batch.forEach(committed);
    batch.clear();
    return Sent.COMMITTED;
  }

  private void fill(Partitions partitions) {
    if (!batch.isEmpty()) {
      return;
    }
    while (batch.size() < MOST && !waiting.isEmpty()) {
      Entry entry = waiting.poll();
      Progress progress = partitions.of(entry.partition());
      if (entry.offset() >= 0 && progress != null) {
        progress.finish(entry.offset());
      }
      batch.add(entry);
    }
  }

  private Sent abort(Producer<byte[], byte[]> open, RuntimeException why) {
    meters.aborted();
    try {
      // Refused after a commit that got no answer: that one may have happened.
      open.abortTransaction();
      LOG.warn("event=kafka-transaction-aborted reason=\"{}\"", why.toString());
      return Sent.ABORTED;
    } catch (KafkaException | IllegalStateException e) {
      LOG.warn("event=kafka-transaction-uncertain reason=\"{}\"", why.toString());
      disconnect();
      return Sent.UNCERTAIN;
    }
  }

  /** Forgets entries: their partitions are others' now, or the broker has them. */
  void forget(Predicate<Entry> which) {
    waiting.removeIf(which);
    batch.removeIf(which);
  }

  void forget(Collection<TopicPartition> partitions) {
    forget(entry -> partitions.contains(entry.partition()));
  }

  /** Entries whose transaction may have happened. */
  List<Entry> doubtful() {
    return List.copyOf(batch);
  }

  void disconnect() {
    Producer<byte[], byte[]> open = producer;
    producer = null;
    if (open != null) {
      open.close(Duration.ZERO);
    }
  }
}
