package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.kafka.KafkaIntake.Parts;
import dev.gearbox.telemetry.meter.KafkaMeters;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One membership in the group, from joining to leaving. Each step settles what has ended, commits
 * it, takes up what the engines have room for, and fetches. Not thread-safe: one thread owns it.
 *
 * <p>INVARIANT: no record of a partition is fetched before the commits of its last reader are
 * decided and the results that they speak of are known.
 */
final class Session implements AutoCloseable, ConsumerRebalanceListener {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final Duration IDLE = Duration.ofMillis(50);
  private static final long SHORT_BREATH = 1_000_000;

  /** Each step takes time from the cores that generate, so nothing is looked at for nothing. */
  private static final long LONG_BREATH = 16_000_000;

  private static final long TROUBLE = 200_000_000;
  private static final long LOOK = 500_000_000;
  private static final Duration END = Duration.ofSeconds(3);

  private final KafkaConfig config;
  private final Parts parts;
  private final KafkaMeters meters;
  private final Consumer<byte[], byte[]> consumer;
  private final Partitions partitions = new Partitions();
  private final Outbox outbox;
  private final ResultTail tail;
  private final Desk desk;
  private boolean paused;
  private boolean sure;
  private long breath = SHORT_BREATH;
  private long looked;

  Session(KafkaConfig config, Parts parts, KafkaClients clients, KafkaConfig.Protocol protocol) {
    this.config = config;
    this.parts = parts;
    this.meters = parts.meters();
    KnownIds known = new KnownIds(config.dedupe().results());
    outbox = new Outbox(clients::transactions, meters, this::committed);
    desk = new Desk(config, parts, partitions, outbox, known);
    tail = new ResultTail(clients.results(), config, known, parts.time());
    consumer = clients.requests(protocol);
    consumer.subscribe(List.of(config.requests(), config.retries()), this);
  }

  int busy() {
    return desk.running() + outbox.size();
  }

  void step(boolean draining) {
    boolean news = desk.news();
    desk.settle();
    if (ready()) {
      flush(false);
      desk.expire();
      if (!draining) {
        desk.launch();
      }
    }
    boolean idle = desk.running() == 0 && outbox.size() == 0 && desk.waiting() == 0;
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(idle ? IDLE : Duration.ZERO)) {
      desk.take(record);
      news = true;
    }
    begin();
    breathe(draining);
    observe();
    if (!idle && !desk.news()) {
      boolean quick = news || outbox.size() > 0;
      breath = quick ? SHORT_BREATH : Math.min(2 * breath, LONG_BREATH);
      LockSupport.parkNanos(breath);
    }
  }

  /** Whether results can be committed; connects again where it must. */
  private boolean ready() {
    if (outbox.open() && sure) {
      return true;
    }
    try {
      if (!outbox.open()) {
        sure = false;
        outbox.connect();
      }
      makeSure();
      return true;
    } catch (KafkaException e) {
      meters.connected(false);
      LockSupport.parkNanos(TROUBLE);
      return false;
    }
  }

  /** A commit that got no answer is decided by now: what it finished must not be sent again. */
  private void makeSure() {
    Set<TopicPartition> doubtful =
        outbox.doubtful().stream()
            .map(Entry::partition)
            .filter(partitions::has)
            .collect(java.util.stream.Collectors.toSet());
    if (!doubtful.isEmpty()) {
      Map<TopicPartition, OffsetAndMetadata> commits = consumer.committed(doubtful);
      List<Entry> happened =
          outbox.doubtful().stream().filter(entry -> finished(entry, commits)).toList();
      happened.forEach(desk::committed);
      outbox.forget(happened::contains);
    }
    sure = true;
    meters.connected(true);
  }

  private static boolean finished(Entry entry, Map<TopicPartition, OffsetAndMetadata> commits) {
    OffsetAndMetadata said = commits.get(entry.partition());
    return said != null
        && entry.offset() >= 0
        && new Progress(said.offset(), said.metadata()).finished(entry.offset());
  }

  private void flush(boolean all) {
    if (!all && !outbox.due(parts.clock().getAsLong(), config.linger())) {
      return;
    }
    switch (outbox.flush(partitions, consumer::groupMetadata)) {
      case NOTHING, COMMITTED -> {}
      case ABORTED -> LockSupport.parkNanos(TROUBLE / 4);
      case UNCERTAIN -> sure = false;
    }
  }

  private void committed(Entry entry) {
    desk.committed(entry);
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> some) {
    consumer.pause(some);
    partitions.assigned(some);
  }

  /** Learns how far the last readers of newly assigned partitions came, then fetches from them. */
  private void begin() {
    Set<TopicPartition> fresh = partitions.fresh();
    if (fresh.isEmpty() || !outbox.open()) {
      return;
    }
    try {
      Map<TopicPartition, OffsetAndMetadata> commits = consumer.committed(fresh);
      tail.catchUp();
      for (TopicPartition each : fresh) {
        OffsetAndMetadata commit = commits.get(each);
        partitions.begin(
            each,
            commit == null
                ? new Progress(consumer.position(each), "")
                : new Progress(commit.offset(), commit.metadata()));
      }
      if (!paused) {
        consumer.resume(fresh);
      }
      LOG.info("event=kafka-partitions-assigned partitions={}", fresh);
    } catch (KafkaException e) {
      LOG.warn("event=kafka-partitions-not-begun reason=\"{}\"", e.toString());
      LockSupport.parkNanos(TROUBLE);
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> some) {
    desk.settle();
    if (outbox.open() && sure) {
      // What has ended of them is written while they are still this gateway's.
      for (int tries = 0; outbox.size() > 0 && outbox.open() && tries < 5; tries++) {
        flush(true);
      }
    }
    onPartitionsLost(some);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> some) {
    desk.drop(some);
    outbox.forget(some);
    partitions.gone(some);
    some.forEach(each -> meters.gone(each.topic(), each.partition()));
    if (!some.isEmpty()) {
      LOG.info("event=kafka-partitions-gone partitions={}", some);
    }
  }

  /** Fetches while there is room in the window, and not more. */
  private void breathe(boolean draining) {
    boolean full =
        draining
            || desk.waiting() >= config.window()
            || desk.waitingBytes() >= config.windowBytes().bytes()
            || outbox.size() >= 4 * config.window()
            || partitions.stretched();
    if (full && !paused) {
      consumer.pause(consumer.assignment());
      paused = true;
    } else if (!full && paused && desk.waiting() <= config.window() / 2) {
      consumer.resume(partitions.all());
      paused = false;
    }
  }

  private void observe() {
    long now = parts.clock().getAsLong();
    if (now - looked < LOOK) {
      return;
    }
    looked = now;
    for (TopicPartition each : partitions.all()) {
      Progress progress = partitions.of(each);
      long lag =
          consumer.currentLag(each).orElse(0) + (progress == null ? 0 : progress.unfinished());
      partitions.lag(each, lag);
      meters.lag(each.topic(), each.partition(), lag);
    }
    meters.load(desk.running(), desk.waiting());
  }

  @Override
  public void close() {
    desk.settle();
    desk.drop(partitions.all());
    try {
      for (int tries = 0; outbox.size() > 0 && outbox.open() && sure && tries < 5; tries++) {
        flush(true);
      }
    } catch (KafkaException e) {
      LOG.warn("event=kafka-last-commit-failed reason=\"{}\"", e.toString());
    }
    outbox.disconnect();
    tail.close();
    try {
      consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(END));
    } catch (KafkaException e) {
      LOG.warn("event=kafka-leave-failed reason=\"{}\"", e.toString());
    }
  }
}
