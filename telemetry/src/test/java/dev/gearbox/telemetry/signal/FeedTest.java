package dev.gearbox.telemetry.signal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Feeds that gather, on a thread that is busy until it is told. */
class FeedTest {
  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final CountDownLatch busy = new CountDownLatch(1);
  private final List<Integer> delivered = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  @BeforeEach
  void occupy() {
    executor.execute(() -> {
      try {
        busy.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  @Test
  void whatIsGatheredIsDeliveredInOrderAndBeforeTheExecutorEnds() throws InterruptedException {
    Feed<Integer> feed = feed(10);
    feed.publish(1);
    feed.publish(2);
    executor.shutdown();
    feed.publish(3);
    deliver();
    assertThat(delivered).containsExactly(1, 2, 3);
    assertThat(threads).doesNotContain(Thread.currentThread());
    assertThat(feed.dropped()).isZero();
  }

  @Test
  void whatFindsNoRoomWhileItGathersIsCounted() throws InterruptedException {
    Feed<Integer> feed = feed(2);
    for (int i = 1; i <= 5; i++) {
      feed.publish(i);
    }
    executor.shutdown();
    deliver();
    assertThat(delivered).containsExactly(1, 2);
    assertThat(feed.dropped()).isEqualTo(3);
  }

  private Feed<Integer> feed(int capacity) {
    Feed<Integer> feed = new Feed<>(capacity, Feed.gathering(executor, Duration.ofMillis(5)));
    feed.listen(delivered::add);
    feed.listen(item -> threads.add(Thread.currentThread()));
    return feed;
  }

  private void deliver() throws InterruptedException {
    busy.countDown();
    assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }
}
