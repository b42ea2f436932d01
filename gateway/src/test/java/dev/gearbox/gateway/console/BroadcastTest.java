package dev.gearbox.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;

class BroadcastTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final AtomicInteger made = new AtomicInteger();
  private final Broadcast broadcast =
      new Broadcast(
          Duration.ofMillis(2),
          audience -> {
            made.incrementAndGet();
            return String.valueOf(audience.tenant())
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
          });

  @AfterEach
  void stop() {
    broadcast.close();
  }

  @Test
  void aReaderThatTakesNothingIsDroppedAndTheOthersGoOn() throws Exception {
    AtomicReference<Throwable> dropped = new AtomicReference<>();
    CountDownLatch over = new CountDownLatch(1);
    broadcast
        .to(Audience.OPERATOR)
        .subscribe(
            new BaseSubscriber<>() {
              @Override
              protected void hookOnSubscribe(Subscription subscription) {
                // asks for nothing
              }

              @Override
              protected void hookOnError(Throwable error) {
                dropped.set(error);
                over.countDown();
              }
            });

    byte[] later = broadcast.to(Audience.OPERATOR).skip(3L * Broadcast.BEHIND).blockFirst(PATIENCE);

    assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(dropped.get()).hasMessageContaining("takes nothing");
    assertThat(later).isNotNull();
  }

  @Test
  void nothingIsMadeWhileNobodyLooks() throws Exception {
    broadcast.to(Audience.OPERATOR).take(3).blockLast(PATIENCE);
    int after = made.get();
    CountDownLatch beats = new CountDownLatch(20);
    Disposable other = broadcast.to(new Audience("acme")).subscribe(each -> beats.countDown());
    assertThat(beats.await(20, TimeUnit.SECONDS)).isTrue();
    other.dispose();

    byte[] seen = broadcast.to(new Audience("acme")).blockFirst(PATIENCE);

    assertThat(after).isBetween(3, 8);
    assertThat(seen).asString().isEqualTo("acme");
  }

  @Test
  void oneSnapshotServesAllWhoMaySeeTheSame() {
    List<byte[]> first = new ArrayList<>();
    Disposable one = broadcast.to(Audience.OPERATOR).subscribe(first::add);
    byte[] second = broadcast.to(Audience.OPERATOR).blockFirst(PATIENCE);
    one.dispose();

    assertThat(first).contains(second);
  }

  @Test
  void moreReadersThanItHasRoomForAreToldSo() {
    List<Disposable> all = new ArrayList<>();
    for (int i = 0; i < Broadcast.READERS; i++) {
      all.add(broadcast.to(Audience.OPERATOR).subscribe());
    }

    assertThatThrownBy(() -> broadcast.to(Audience.OPERATOR).blockFirst(PATIENCE))
        .hasMessageContaining("readers look already");

    all.forEach(Disposable::dispose);
    assertThat(broadcast.to(Audience.OPERATOR).blockFirst(PATIENCE)).isNotNull();
  }

  @Test
  void aTenantThatLooksOftenTakesNoPlaceOfOthersNorTenantsOfTheOperator() {
    List<Disposable> all = new ArrayList<>();
    for (int i = 0; i < 10 * Broadcast.OF_A_TENANT; i++) {
      all.add(broadcast.to(new Audience("loud")).onErrorComplete().subscribe());
    }
    assertThat(broadcast.to(new Audience("acme")).blockFirst(PATIENCE)).isNotNull();

    for (int i = 0; i < 5000; i++) {
      all.add(broadcast.to(new Audience("tenant-" + i)).onErrorComplete().subscribe());
    }
    assertThatThrownBy(() -> broadcast.to(new Audience("late")).blockFirst(PATIENCE))
        .hasMessageContaining("readers look already");
    assertThat(broadcast.to(Audience.OPERATOR).blockFirst(PATIENCE)).isNotNull();

    all.forEach(Disposable::dispose);
    assertThat(broadcast.to(new Audience("late")).blockFirst(PATIENCE)).isNotNull();
  }
}
