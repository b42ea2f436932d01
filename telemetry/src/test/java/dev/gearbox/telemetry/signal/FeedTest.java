package dev.gearbox.telemetry.signal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FeedTest {
  @Test
  void whatIsGatheredIsDeliveredInOrderAndBeforeTheExecutorEnds() throws InterruptedException {
    ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    Feed<Integer> feed = new Feed<>(10, Feed.gathering(executor, Duration.ofMillis(200)));
    List<Integer> delivered = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    feed.listen(delivered::add);
    feed.listen(item -> threads.add(Thread.currentThread()));
    feed.publish(1);
    feed.publish(2);
    executor.shutdown();
    feed.publish(3);
    assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(delivered).containsExactly(1, 2, 3);
    assertThat(threads).doesNotContain(Thread.currentThread());
    assertThat(feed.dropped()).isZero();
  }

  @Test
  void whatFindsNoRoomWhileItGathersIsCounted() throws InterruptedException {
    ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    Feed<Integer> feed = new Feed<>(2, Feed.gathering(executor, Duration.ofMillis(200)));
    List<Integer> delivered = new ArrayList<>();
    feed.listen(delivered::add);
    for (int i = 1; i <= 5; i++) {
      feed.publish(i);
    }
    executor.shutdown();
    assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(delivered).containsExactly(1, 2);
    assertThat(feed.dropped()).isEqualTo(3);
  }
}
