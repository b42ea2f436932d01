package dev.gearbox.gateway.kafka;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * What a record of the retry topic says in one header beside the request: attempts so far, when the
 * next is due, when and where the request first stood.
 *
 * @param attempt attempts before this one
 * @param notBefore milliseconds since 1970
 * @param born when the client put it into the queue, milliseconds since 1970
 * @param position {@code topic/partition/offset} of the first record
 */
record RetryHeaders(int attempt, long notBefore, long born, String position) {
  static final String NAME = "gearbox-retry";
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,4});(\\d{1,15});(\\d{1,15});([A-Za-z0-9._/-]{1,300})");

  /** Of a record, in the retry topic or not. */
  static RetryHeaders of(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(NAME);
    Matcher said = header == null ? null : FORM.matcher(text(header.value()));
    return said != null && said.matches()
        ? new RetryHeaders(
            Integer.parseInt(said.group(1)),
            Long.parseLong(said.group(2)),
            Long.parseLong(said.group(3)),
            said.group(4))
        : new RetryHeaders(
            0,
            0,
            record.timestamp(),
            record.topic() + "/" + record.partition() + "/" + record.offset());
  }

  RetryHeaders next(long later) {
    return new RetryHeaders(attempt + 1, later, born, position);
  }

  byte[] bytes() {
    return (attempt + ";" + notBefore + ";" + born + ";" + position)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static String text(byte @Nullable [] value) {
    return value == null ? "" : new String(value, StandardCharsets.ISO_8859_1);
  }
}
