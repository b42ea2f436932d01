package dev.gearbox.gateway.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What holds at the door whatever comes. */
class AdmissionPropertiesTest {
  private static final String[] TENANTS = {"a", "b", "c"};

  private static AdmissionControl control(int permits, Map<String, TenantLimits> tenants) {
    return new AdmissionControl(
        new AdmissionLimits(permits, 10_000, Duration.ofSeconds(60)), tenants, System::nanoTime);
  }

  /** Grants of this ticket so far, 0 or 1. */
  private static boolean in(Ticket ticket) {
    List<Result<Admission>> answers = new ArrayList<>();
    ticket.granted().subscribe(answers::add).dispose();
    return !answers.isEmpty() && answers.getFirst() instanceof Result.Ok;
  }

  @Property(tries = 100)
  void everyoneWhoWaitsIsServedOnceAndPermitsAddUp(
      @ForAll @IntRange(min = 1, max = 8) int permits, @ForAll long seed) {
    Random random = new Random(seed);
    AdmissionControl control = control(permits, Map.of());
    List<Ticket> open = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      open.add(
          control.ticket(
              TestingRequests.of(
                  TENANTS[random.nextInt(3)],
                  10 * random.nextInt(3),
                  1 + random.nextInt(permits),
                  null,
                  0)));
      if (random.nextInt(4) == 0) {
        open.remove(random.nextInt(open.size())).close();
      }
      int held = open.stream().filter(AdmissionPropertiesTest::in).mapToInt(Ticket::permits).sum();
      assertThat(control.inFlight()).isEqualTo(held).isLessThanOrEqualTo(permits);
    }
    for (int left = open.size(); left > 0; left--) {
      Ticket served = open.stream().filter(AdmissionPropertiesTest::in).findFirst().orElseThrow();
      open.remove(served);
      served.close();
    }
    assertThat(control.inFlight() + control.queued()).isZero();
  }

  @Property(tries = 20)
  void tenantsOfOnePriorityGetPermitsByWeight(
      @ForAll @IntRange(min = 1, max = 5) int weight,
      @ForAll @IntRange(min = 1, max = 4) int wide) {
    var tenants =
        Map.of(
            "a",
            new TenantLimits(weight, null, null, null),
            "b",
            new TenantLimits(1, null, null, null));
    AdmissionControl control = control(wide, tenants);
    Ticket running = control.ticket(TestingRequests.of("c", 0, wide, null, 0));
    Map<Ticket, String> waiting = new HashMap<>();
    for (int i = 0; i < 70; i++) {
      // Requests of a take more permits each; its share is counted in permits.
      waiting.put(control.ticket(TestingRequests.of("a", 0, wide, null, 0)), "a");
      waiting.put(control.ticket(TestingRequests.of("b", 0)), "b");
      waiting.put(control.ticket(TestingRequests.of("b", 0)), "b");
    }
    Map<String, Integer> got = new HashMap<>();
    running.close();
    for (int round = 0; round < 60; round++) {
      Ticket served =
          waiting.keySet().stream().filter(AdmissionPropertiesTest::in).findFirst().orElseThrow();
      got.merge(waiting.get(served), served.permits(), Integer::sum);
      waiting.remove(served);
      served.close();
    }

    double share = got.getOrDefault("a", 0) / (double) weight - got.getOrDefault("b", 0);
    assertThat(Math.abs(share)).as("%s", got).isLessThanOrEqualTo(3.0 * wide + 3);
  }

  @Property(tries = 20)
  void aPatientRequestIsNotPassedForEverByUrgentOnes(
      @ForAll @IntRange(min = 1, max = 30) int seconds) {
    AtomicLong clock = new AtomicLong();
    AdmissionControl control =
        new AdmissionControl(
            new AdmissionLimits(1, 1000, Duration.ofSeconds(60)), Map.of(), clock::get);
    Ticket running = control.ticket(TestingRequests.of("a", 0));
    Ticket patient = control.ticket(TestingRequests.of("a", 0));
    int passed = 0;
    // One second each, and there is always one more that is due sooner.
    while (!in(patient)) {
      Ticket urgent =
          control.ticket(TestingRequests.of("a", 0, 1, Duration.ofSeconds(seconds), clock.get()));
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
      running.close();
      running = urgent;
      passed++;
      assertThat(passed).isLessThanOrEqualTo(61);
    }
  }

  @Property(tries = 10)
  void permitsAreNeitherLostNorMadeUnderConcurrency(
      @ForAll @IntRange(min = 1, max = 4) int permits, @ForAll long seed) throws Exception {
    AdmissionControl control = control(permits, Map.of("a", new TenantLimits(1, null, null, 50)));
    AtomicInteger held = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> runs = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        Random random = new Random(seed + t);
        runs.add(threads.submit(() -> comeAndGo(control, permits, random, held, most)));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
    assertThat(most.get()).isLessThanOrEqualTo(permits);
    assertThat(control.inFlight() + control.queued()).isZero();
  }

  private static void comeAndGo(
      AdmissionControl control,
      int permits,
      Random random,
      AtomicInteger held,
      AtomicInteger most) {
    for (int i = 0; i < 300; i++) {
      Ticket ticket =
          control.ticket(
              TestingRequests.of(
                  TENANTS[random.nextInt(3)],
                  random.nextInt(2),
                  1 + random.nextInt(permits),
                  null,
                  0));
      if (random.nextInt(3) == 0) {
        ticket.close(); // whether it was let in or not
        continue;
      }
      Result<Admission> in = ticket.granted().block();
      if (in instanceof Result.Ok<Admission>(Admission admission)) {
        int now = held.addAndGet(admission.permits());
        most.accumulateAndGet(now, Math::max);
        held.addAndGet(-admission.permits());
      }
      ticket.close();
    }
  }
}
