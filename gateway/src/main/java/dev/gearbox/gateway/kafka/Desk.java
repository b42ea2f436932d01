package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.kafka.KafkaIntake.Parts;
import dev.gearbox.policy.fact.Origin;
import dev.gearbox.telemetry.meter.KafkaMeters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Reads records, keeps those that wait, sends them down the line when there is room, and says what
 * is to be written of each. Not thread-safe: its session's thread owns it; flights send messages.
 */
final class Desk {
  private static final long SWEEP = 100_000_000;

  private final KafkaConfig config;
  private final Parts parts;
  private final KafkaMeters meters;
  private final Partitions partitions;
  private final Outbox outbox;
  private final KnownIds known;
  private final RecordReader reader;
  private final Letters letters;
  private final Window window = new Window();
  private final Set<Flight> flights = new HashSet<>();
  private final Map<String, TopicPartition> open = new HashMap<>();
  private final Map<Flight, Integer> pieces = new HashMap<>();
  private final Queue<Flight.Message> inbox = new ConcurrentLinkedQueue<>();
  private long swept;
  private @Nullable Long launched;

  Desk(KafkaConfig config, Parts parts, Partitions partitions, Outbox outbox, KnownIds known) {
    this.config = config;
    this.parts = parts;
    this.meters = parts.meters();
    this.partitions = partitions;
    this.outbox = outbox;
    this.known = known;
    this.letters = new Letters(config);
    this.reader =
        new RecordReader(
            parts.parser(),
            parts.security(),
            config.maxRecord().bytes(),
            config.streaming(),
            parts.clock());
  }

  int running() {
    return flights.size();
  }

  int waiting() {
    return window.size();
  }

  long waitingBytes() {
    return window.bytes();
  }

  /** Whether flights have sent messages. */
  boolean news() {
    return !inbox.isEmpty();
  }

  /** A record was fetched: it waits from here on, or is answered at once. */
  void take(ConsumerRecord<byte[], byte[]> record) {
    TopicPartition partition = new TopicPartition(record.topic(), record.partition());
    Progress progress = partitions.of(partition);
    if (progress == null || !progress.fetched(record.offset())) {
      return;
    }
    switch (reader.read(record)) {
      case RecordReader.Read.Bad(String id, Refusal refusal) -> bad(record, id, refusal);
      case RecordReader.Read.Good(Job job) -> {
        if (fresh(job.id, partition)) {
          window.add(job);
        } else {
          duplicate(record);
        }
      }
    }
  }

  private boolean fresh(String id, TopicPartition partition) {
    return !known.has(id) && open.putIfAbsent(id, partition) == null;
  }

  private void bad(ConsumerRecord<byte[], byte[]> record, @Nullable String id, Refusal refusal) {
    ProducerRecord<byte[], byte[]> dead = letters.dead(record, refusal.code(), refusal.message());
    if (id == null) {
      enter(record, List.of(dead), null, 0, refusal.code());
    } else if (fresh(id, new TopicPartition(record.topic(), record.partition()))) {
      var result = letters.result(record, id, Answer.refused(refusal), age(record.timestamp()));
      enter(record, List.of(result, dead), id, refusal.status(), refusal.code());
    } else {
      duplicate(record);
    }
  }

  private void duplicate(ConsumerRecord<byte[], byte[]> record) {
    if (record.headers().lastHeader(RecordReader.VOUCHER) != null) {
      // A gateway's own, sent again after a restart to be sure.
      enter(record, List.of(), null, 0, null);
      return;
    }
    String reason = "duplicate_id";
    String message = "a request of this id has its result, or is about to";
    enter(record, List.of(letters.dead(record, reason, message)), null, 0, reason);
  }

  /** Answers what is due and has not begun. */
  void expire() {
    long now = parts.clock().getAsLong();
    if (now - swept >= SWEEP) {
      swept = now;
      long time = parts.time().millis();
      window.remove(job -> job.due <= time).forEach(this::expired);
    }
  }

  private void expired(Job job) {
    Refusal late = Refusal.of(ErrorCode.DEADLINE_EXCEEDED, "its deadline passed before its turn");
    switch (config.expired()) {
      case RESULT -> result(job, Answer.refused(late), false);
      case DEAD_LETTER -> {
        open.remove(job.id);
        enter(
            job.record,
            List.of(letters.dead(job.record, late.code(), late.message())),
            null,
            0,
            late.code());
      }
    }
  }

  /** Sends down the line what the engines have room for, the most urgent first. */
  void launch() {
    Integer most = config.inFlight();
    long time = parts.time().millis();
    for (int places = window.size() == 0 ? 0 : parts.places().getAsInt();
        places > 0 && (most == null || flights.size() < most);
        places--) {
      Job job = window.take(time);
      if (job == null) {
        return;
      }
      if (job.due <= time) {
        expired(job);
        window.finished(job);
      } else {
        launch(job, time);
      }
    }
  }

  private void launch(Job job, long time) {
    Duration left = job.due == Job.NEVER ? null : Duration.ofMillis(job.due - time);
    Double slack = left == null ? null : left.toMillis() / 1e3;
    double age = age(job.born) / 1e3;
    meters.taken(age, slack == null ? Double.POSITIVE_INFINITY : slack);
    long now = parts.clock().getAsLong();
    Double gap = launched == null ? null : (now - launched) / 1e9;
    launched = now;
    Origin origin = new Origin(true, age, partitions.lag(), gap, slack);
    flights.add(
        Flight.start(
            job,
            job.request.taken(now, left, origin),
            time / 1000,
            parts.line(),
            inbox,
            parts.clock()));
  }

  /** Takes in what flights have sent. */
  void settle() {
    for (Flight.Message next = inbox.poll(); next != null; next = inbox.poll()) {
      switch (next) {
        case Flight.Message.Landed(Flight flight, Answer answer) -> {
          pieces.remove(flight);
          if (flights.remove(flight)) {
            landed(flight.job, answer);
          }
        }
        case Flight.Message.Piece(Flight flight, String event) -> {
          if (flights.contains(flight)) {
            piece(flight, event);
          }
        }
      }
    }
  }

  private void piece(Flight flight, String event) {
    Job job = flight.job;
    int number = pieces.merge(flight, 1, Integer::sum) - 1;
    var piece = letters.piece(job.id, job.request.id(), number, event);
    if (piece != null) {
      Entry entry = new Entry(job.partition(), -1, List.of(piece), null, 0, null);
      outbox.add(entry, parts.clock().getAsLong());
    }
  }

  private void landed(Job job, Answer answer) {
    Refusal refusal = answer.refusal();
    long now = parts.time().millis();
    if (refusal != null
        && Retries.waits(refusal, answer)
        && now + Retries.rest(refusal) < job.due) {
      window.putOff(job, now + Retries.rest(refusal));
      return;
    }
    long later = now + Retries.backoff(config.backoff(), job.attempt);
    if (refusal != null
        && Retries.mayPass(refusal)
        && job.attempt + 1 < config.attempts()
        && later < job.due) {
      open.remove(job.id);
      meters.retried();
      enter(job.record, List.of(letters.again(job.record, later)), null, 0, null);
    } else {
      boolean dead = refusal != null && refusal.status() != ErrorCode.DEADLINE_EXCEEDED.status();
      result(job, answer, dead);
    }
    window.finished(job);
  }

  private void result(Job job, Answer answer, boolean dead) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>(2);
    records.add(letters.result(job.record, job.id, answer, age(job.born)));
    Refusal refusal = answer.refusal();
    String reason = dead && refusal != null ? refusal.code() : null;
    if (reason != null && refusal != null) {
      records.add(letters.dead(job.record, reason, refusal.message()));
    }
    enter(job.record, records, job.id, answer.status(), reason);
  }

  private void enter(
      ConsumerRecord<byte[], byte[]> from,
      List<ProducerRecord<byte[], byte[]>> records,
      @Nullable String id,
      int code,
      @Nullable String dead) {
    TopicPartition partition = new TopicPartition(from.topic(), from.partition());
    outbox.add(
        new Entry(partition, from.offset(), records, id, code, dead), parts.clock().getAsLong());
  }

  /** It is in a transaction that is committed. */
  void committed(Entry entry) {
    if (entry.id() != null) {
      known.add(entry.id());
      open.remove(entry.id());
      meters.result(entry.code());
    }
    if (entry.dead() != null) {
      meters.deadLetter(entry.dead());
    }
  }

  /** Gives up everything of these partitions: another gateway begins it anew. */
  void drop(Collection<TopicPartition> some) {
    Set<TopicPartition> gone = Set.copyOf(some);
    flights.removeIf(flight -> {
      boolean mine = gone.contains(flight.job.partition());
      if (mine) {
        flight.cancel();
        pieces.remove(flight);
        window.finished(flight.job);
      }
      return mine;
    });
    window.remove(job -> gone.contains(job.partition()));
    open.values().removeIf(gone::contains);
  }

  private long age(long born) {
    return Math.max(0, parts.time().millis() - born);
  }
}
