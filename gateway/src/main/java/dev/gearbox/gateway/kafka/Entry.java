package dev.gearbox.gateway.kafka;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What became of one record: goes into a transaction as a whole.
 *
 * @param partition where the record stood
 * @param offset of the record; negative for what finishes none
 * @param records to write
 * @param id of the request that got its result; null when it got none
 * @param code status of that result; 0 without one
 * @param dead reason of the dead letter; null without one
 */
record Entry(
    TopicPartition partition,
    long offset,
    List<ProducerRecord<byte[], byte[]>> records,
    @Nullable String id,
    int code,
    @Nullable String dead) {}
