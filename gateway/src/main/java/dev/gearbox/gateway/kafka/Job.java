package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.InferenceRequest;
import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A request that was read from a record and waits for its turn. Has identity: two records may say
 * the same.
 */
final class Job {
  final ConsumerRecord<byte[], byte[]> record;

  /** As the client gave it: the name of the result. */
  final String id;

  final InferenceRequest request;

  /** When its answer is worth nothing any more, milliseconds since 1970; far off without one. */
  final long due;

  /** Attempts before this one. */
  final int attempt;

  /** When the client put it into the queue, milliseconds since 1970. */
  final long born;

  /** Not to be taken up before, milliseconds since 1970. */
  long notBefore;

  static final long NEVER = Long.MAX_VALUE;

  Job(
      ConsumerRecord<byte[], byte[]> record,
      String id,
      InferenceRequest request,
      long due,
      RetryHeaders retry) {
    this.record = record;
    this.id = id;
    this.request = request;
    this.due = due;
    this.attempt = retry.attempt();
    this.born = retry.born();
    this.notBefore = retry.notBefore();
  }

  TopicPartition partition() {
    return new TopicPartition(record.topic(), record.partition());
  }

  int priority() {
    return request.terms().serviceClass().priority();
  }

  /** Requests with equal keys run one after another; null runs whenever. */
  @Nullable ByteBuffer key() {
    byte[] key = record.key();
    return key == null ? null : ByteBuffer.wrap(key);
  }

  int bytes() {
    return Math.max(0, record.serializedValueSize());
  }
}
