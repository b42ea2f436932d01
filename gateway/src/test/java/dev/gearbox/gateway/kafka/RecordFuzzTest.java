package dev.gearbox.gateway.kafka;

import dev.gearbox.engine.Fuzzing;
import dev.gearbox.gateway.api.RequestFuzzTest;
import dev.gearbox.gateway.security.Security;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** A record from any producer: a job, or a dead letter with a reason; never a stuck partition. */
class RecordFuzzTest {
  private static final int MOST_BYTES = 1 << 20;
  private static final RecordReader READER =
      new RecordReader(
          RequestFuzzTest.PARSER, Security.of(List.of(), false), MOST_BYTES, true, () -> 0);

  /** Entry of the fuzzer: the first byte is the length of a header's value, which follows it. */
  public static void fuzzerTestOneInput(byte[] data) {
    int header = data.length == 0 ? 0 : Math.min(data[0] & 0x3f, data.length - 1);
    byte[] value = Arrays.copyOfRange(data, Math.min(data.length, 1 + header), data.length);
    ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("requests", 0, 0, null, value);
    for (String name : List.of("authorization", RecordReader.VOUCHER, "traceparent")) {
      record.headers().add(name, Arrays.copyOfRange(data, Math.min(1, data.length), 1 + header));
    }
    if (READER.read(record) instanceof RecordReader.Read.Bad bad && bad.refusal().status() == 500) {
      throw new IllegalStateException("not read by a mistake of ours: " + bad);
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("record", 300, RecordFuzzTest::fuzzerTestOneInput);
  }
}
