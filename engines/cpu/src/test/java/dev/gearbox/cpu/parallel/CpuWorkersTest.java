package dev.gearbox.cpu.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuWorkersTest {
  private static Stage stage(int jobs, IntConsumer body) {
    return new Stage() {
      @Override
      public int jobs() {
        return jobs;
      }

      @Override
      public void run(int job, int worker) {
        body.accept(job);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyJobRunsOnceAndStagesKeepTheirOrder(int threads) {
    int stages = 40;
    AtomicIntegerArray runs = new AtomicIntegerArray(stages * 100);
    AtomicInteger early = new AtomicInteger();
    Stage[] plan = new Stage[stages];
    for (int s = 0; s < stages; s++) {
      int index = s;
      plan[s] =
          stage(
              s % 7 == 3 ? 0 : s + 1,
              job -> {
                runs.incrementAndGet(index * 100 + job);
                if (index > 0 && plan[index - 1].jobs() > 0) {
                  early.addAndGet(1 - runs.get((index - 1) * 100));
                }
              });
    }
    try (CpuWorkers workers = new CpuWorkers(threads)) {
      workers.run(plan);
    }
    assertThat(early).hasValue(0);
    for (int s = 0; s < stages; s++) {
      for (int job = 0; job < 100; job++) {
        assertThat(runs.get(s * 100 + job)).isEqualTo(job < plan[s].jobs() ? 1 : 0);
      }
    }
  }

  @Test
  void manyShortPlansFollowEachOther() {
    AtomicInteger sum = new AtomicInteger();
    try (CpuWorkers workers = new CpuWorkers(3)) {
      for (int i = 0; i < 3_000; i++) {
        workers.run(stage(5, job -> sum.addAndGet(job)), stage(1, job -> sum.incrementAndGet()));
      }
    }
    assertThat(sum).hasValue(3_000 * 11);
  }

  @Test
  void parkedWorkersWakeForTheNextPlan() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    try (CpuWorkers workers = new CpuWorkers(2)) {
      for (int i = 0; i < 3; i++) {
        Thread.sleep(20);
        CountDownLatch both = new CountDownLatch(2);
        workers.run(
            stage(
                2,
                job -> {
                  both.countDown();
                  awaitQuietly(both);
                  runs.incrementAndGet();
                }));
      }
    }
    assertThat(runs).hasValue(6);
  }

  @Test
  void failureOfOneJobReachesTheCallerAndEndsThePlan() {
    AtomicInteger after = new AtomicInteger();
    try (CpuWorkers workers = new CpuWorkers(2)) {
      Stage failing =
          stage(
              8,
              job -> {
                throw new IllegalStateException("job failed");
              });
      assertThatThrownBy(() -> workers.run(failing, stage(1, job -> after.incrementAndGet())))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("job failed");
      workers.run(stage(4, job -> after.addAndGet(10)));
    }
    assertThat(after).hasValue(40);
  }

  @Test
  void numberOfThreadsIsChecked() {
    assertThatThrownBy(() -> new CpuWorkers(0).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was 0");
  }

  @Test
  void closedTeamRefusesPlans() {
    CpuWorkers workers = new CpuWorkers(2);
    workers.close();
    workers.close();
    assertThatThrownBy(() -> workers.run(stage(1, job -> {})))
        .isInstanceOf(IllegalStateException.class);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
