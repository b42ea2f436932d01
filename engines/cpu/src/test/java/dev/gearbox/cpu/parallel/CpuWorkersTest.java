package dev.gearbox.cpu.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

  @Test
  void callersTakeTurnsAndNoMoreThanTheTeamComputes() throws InterruptedException {
    AtomicInteger computing = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    try (CpuWorkers workers = new CpuWorkers(2)) {
      Stage stage =
          stage(
              8,
              job -> {
                most.accumulateAndGet(computing.incrementAndGet(), Math::max);
                Thread.onSpinWait();
                runs.incrementAndGet();
                computing.decrementAndGet();
              });
      Thread[] callers = new Thread[4];
      for (int i = 0; i < callers.length; i++) {
        callers[i] =
            Thread.ofPlatform()
                .start(() -> {
                  for (int plan = 0; plan < 200; plan++) {
                    workers.run(stage, stage);
                  }
                });
      }
      for (Thread caller : callers) {
        caller.join();
      }
    }
    assertThat(runs).hasValue(4 * 200 * 2 * 8);
    assertThat(most.get()).isBetween(1, 2);
  }

  @Test
  void aJobCannotRunAnotherPlan() {
    try (CpuWorkers workers = new CpuWorkers(2)) {
      Stage inner = stage(1, job -> {});
      assertThatThrownBy(() -> workers.run(stage(2, job -> workers.run(inner))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("a job cannot run another plan");
    }
  }

  @Test
  void idleWorkersUseNoProcessor() throws InterruptedException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long[] helper = new long[1];
    try (CpuWorkers workers = new CpuWorkers(2)) {
      CountDownLatch both = new CountDownLatch(2);
      workers.run(
          stage(
              2,
              job -> {
                if (Thread.currentThread().getName().startsWith("gearbox-cpu")) {
                  helper[0] = Thread.currentThread().threadId();
                }
                both.countDown();
                awaitQuietly(both);
              }));
      while (ManagementFactory.getThreadMXBean().getThreadInfo(helper[0]).getThreadState()
          != Thread.State.WAITING) {
        Thread.sleep(1);
      }
      long before = threads.getThreadCpuTime(helper[0]);
      Thread.sleep(50);
      assertThat(threads.getThreadCpuTime(helper[0]) - before).isLessThan(10_000_000);
    }
  }

  /** What a container's CPU limit does to a JVM, as the JVM itself lets one say it. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aTeamIsAsLargeAsTheLimitOfTheProcess(int processors) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:ActiveProcessorCount=" + processors,
                "-cp",
                System.getProperty("java.class.path"),
                TeamSize.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(said.strip()).isEqualTo(Integer.toString(processors));
  }

  /** Says how many workers a team of all processors has. */
  static final class TeamSize {
    private TeamSize() {}

    public static void main(String[] args) {
      try (CpuWorkers workers = CpuWorkers.ofAllProcessors()) {
        System.out.println(workers.threads());
      }
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
