/**
 * Requests that arrive as Kafka records, and their results. One thread owns the consumer, the
 * window of records that wait, and the producer; requests run on the line and come back to it as
 * messages. {@link dev.gearbox.gateway.kafka.KafkaIntake} is the door. Records stop here: the line
 * sees requests. Only this package knows Kafka's clients.
 */
@NullMarked
package dev.gearbox.gateway.kafka;

import org.jspecify.annotations.NullMarked;
