package dev.gearbox.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.admission.TestingRequests;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WindowTest {
  private final Window window = new Window();
  private long offset;

  private Job job(@Nullable String key, int priority, long due) {
    byte[] bytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
    var record = new ConsumerRecord<byte[], byte[]>("t", 0, offset++, bytes, new byte[10]);
    var request = TestingRequests.of("tenant", priority);
    return new Job(record, "id", request, due, new RetryHeaders(0, 0, offset, "t/0/0"));
  }

  private void add(Job... jobs) {
    for (Job each : jobs) {
      window.add(each);
    }
  }

  @Test
  void priorityGoesBeforeDeadlineAndDeadlineBeforeAge() {
    Job patient = job(null, 0, Job.NEVER);
    Job late = job(null, 0, 900);
    Job soon = job(null, 0, 100);
    Job important = job(null, 10, Job.NEVER);
    add(patient, late, soon, important);

    assertThat(window.take(0)).isSameAs(important);
    assertThat(window.take(0)).isSameAs(soon);
    assertThat(window.take(0)).isSameAs(late);
    assertThat(window.take(0)).isSameAs(patient);
    assertThat(window.take(0)).isNull();
  }

  @Test
  void ofOneKeyOneIsOutAtATimeInTheOrderOfTheLog() {
    Job first = job("k", 0, 900);
    Job second = job("k", 10, 100);
    Job other = job("o", 0, 1000);
    add(first, second, other);

    assertThat(window.take(0)).isSameAs(first);
    assertThat(window.take(0)).isSameAs(other);
    assertThat(window.take(0)).isNull();
    window.finished(first);
    assertThat(window.take(0)).isSameAs(second);
    window.finished(second);
    Job third = job("k", 0, 1);
    add(third);
    assertThat(window.take(0)).isSameAs(third);
    assertThat(window.size()).isZero();
  }

  @Test
  void whatIsPutOffGoesOnBeforeTheRestOfItsKey() {
    Job first = job("k", 0, 900);
    Job second = job("k", 0, 900);
    add(first, second);
    assertThat(window.take(0)).isSameAs(first);
    window.putOff(first, 50);

    assertThat(window.take(49)).isNull();
    assertThat(window.take(50)).isSameAs(first);
  }

  @Test
  void removingTheFirstOfAKeyLetsTheNextBegin() {
    Job first = job("k", 0, 10);
    Job second = job("k", 0, 900);
    Job third = job("k", 0, 10);
    add(first, second, third);

    assertThat(window.remove(each -> each.due <= 10)).containsExactlyInAnyOrder(first, third);
    assertThat(window.take(0)).isSameAs(second);
    assertThat(window.size()).isZero();
    assertThat(window.bytes()).isZero();
  }
}
