package dev.gearbox.gateway.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AdmissionControlTest {
  private static final Duration WAIT = Duration.ofSeconds(60);

  private final AtomicLong clock = new AtomicLong();

  private AdmissionControl control(int permits, int queued) {
    return control(permits, queued, Map.of());
  }

  private AdmissionControl control(int permits, int queued, Map<String, TenantLimits> tenants) {
    return new AdmissionControl(new AdmissionLimits(permits, queued, WAIT), tenants, clock::get);
  }

  /** What it was told; null while it waits. */
  private static @Nullable Result<Admission> answer(Ticket ticket) {
    List<Result<Admission>> answers = new ArrayList<>();
    ticket.granted().subscribe(answers::add).dispose();
    return answers.isEmpty() ? null : answers.getFirst();
  }

  private static boolean in(Ticket ticket) {
    return answer(ticket) instanceof Result.Ok;
  }

  private static Refusal refusal(@Nullable Result<Admission> answer) {
    if (answer instanceof Result.Refused<Admission>(Refusal refusal)) {
      return refusal;
    }
    throw new AssertionError("not refused: " + answer);
  }

  private static String code(Ticket ticket) {
    Refusal refusal = refusal(answer(ticket));
    return refusal.status() + " " + refusal.code();
  }

  @Test
  void aHigherPriorityGoesFirstWhoeverCameBefore() {
    AdmissionControl control = control(1, 10);
    Ticket running = control.ticket(TestingRequests.of("a", 0));
    Ticket low = control.ticket(TestingRequests.of("a", 0));
    Ticket high = control.ticket(TestingRequests.of("a", 10));

    running.close();

    assertThat(in(high)).isTrue();
    assertThat(answer(low)).isNull();
  }

  @Test
  void whatIsDueEarliestGoesFirstWithinATenant() {
    AdmissionControl control = control(1, 10);
    Ticket running = control.ticket(TestingRequests.of("a", 0));
    Ticket patient = control.ticket(TestingRequests.of("a", 0));
    Ticket late = control.ticket(TestingRequests.of("a", 0, 1, Duration.ofSeconds(20), 0));
    Ticket soon = control.ticket(TestingRequests.of("a", 0, 1, Duration.ofSeconds(10), 0));

    running.close();
    assertThat(in(soon)).isTrue();
    soon.close();
    assertThat(in(late)).isTrue();
    late.close();
    assertThat(in(patient)).isTrue();
  }

  @Test
  void aTenantThatFloodsTheLineDoesNotKeepAnotherOut() {
    AdmissionControl control = control(1, 4);
    Ticket running = control.ticket(TestingRequests.of("flood", 0));
    List<Ticket> flood = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      flood.add(control.ticket(TestingRequests.of("flood", 0)));
    }

    Ticket other = control.ticket(TestingRequests.of("quiet", 0));

    assertThat(answer(other)).isNull();
    assertThat(code(flood.getLast())).isEqualTo("503 overloaded");
    running.close();
    flood.getFirst().close();
    assertThat(in(other)).as("second turn").isTrue();
  }

  @Test
  void aFullLineShedsTheLowestPriorityFirst() {
    AdmissionControl control = control(1, 2);
    control.ticket(TestingRequests.of("a", 5));
    Ticket batch = control.ticket(TestingRequests.of("b", -10));
    Ticket middle = control.ticket(TestingRequests.of("a", 5));

    Ticket high = control.ticket(TestingRequests.of("a", 10));
    Ticket lower = control.ticket(TestingRequests.of("c", 0));

    assertThat(code(batch)).isEqualTo("503 overloaded");
    assertThat(answer(high)).isNull();
    assertThat(answer(middle)).isNull();
    assertThat(code(lower)).isEqualTo("503 overloaded");
  }

  @Test
  void aDeadlineThatTheLineCannotMeetIsRefusedAtOnce() {
    AdmissionControl control = control(1, 100);
    Ticket first = control.ticket(TestingRequests.of("a", 0));
    clock.addAndGet(Duration.ofSeconds(4).toNanos());
    first.close();
    control.ticket(TestingRequests.of("a", 0));
    control.ticket(TestingRequests.of("b", 0));

    Ticket hopeless =
        control.ticket(TestingRequests.of("c", 0, 1, Duration.ofSeconds(2), clock.get()));
    Ticket feasible =
        control.ticket(TestingRequests.of("c", 0, 1, Duration.ofSeconds(30), clock.get()));

    assertThat(code(hopeless)).isEqualTo("429 slo_unattainable");
    assertThat(refusal(answer(hopeless)).retryAfter()).isNotNull();
    assertThat(answer(feasible)).isNull();
  }

  @Test
  void whoWouldBePassedByHigherPrioritiesForLongIsRefusedAtOnce() {
    AdmissionControl control = control(1, 100);
    Ticket running = control.ticket(TestingRequests.of("a", 10));
    for (int i = 0; i < 200; i++) {
      Ticket next = control.ticket(TestingRequests.of("a", 10));
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
      running.close();
      assertThat(in(next)).isTrue();
      running = next;
    }

    Ticket passed = control.ticket(TestingRequests.of("b", 0, 1, WAIT.dividedBy(2), clock.get()));
    Ticket first = control.ticket(TestingRequests.of("b", 10, 1, WAIT.dividedBy(2), clock.get()));

    assertThat(code(passed)).isEqualTo("429 slo_unattainable");
    assertThat(answer(first)).isNull();
  }

  @Test
  void aDeadlineLeavesTimeForWhatComesAfterTheLine() {
    AdmissionControl control = control(2, 100);
    Ticket slow = control.ticket(TestingRequests.of("a", 0));
    Ticket quick = control.ticket(TestingRequests.of("a", 10));
    clock.addAndGet(Duration.ofSeconds(1).toNanos());
    quick.used(20, 5);
    quick.close();
    clock.addAndGet(Duration.ofSeconds(9).toNanos());
    slow.used(20, 5);
    slow.close();
    for (int i = 0; i < 2; i++) {
      control.ticket(TestingRequests.of("a", 0));
    }

    Duration eight = Duration.ofSeconds(8);
    Ticket next = control.ticket(TestingRequests.of("b", 0, 1, eight, clock.get()));
    Ticket after = control.ticket(TestingRequests.of("b", 0, 1, eight, clock.get()));
    Ticket first = control.ticket(TestingRequests.of("b", 10, 1, eight, clock.get()));

    assertThat(answer(next)).as("it may find out whether that is still so slow").isNull();
    assertThat(code(after)).isEqualTo("429 slo_unattainable");
    assertThat(answer(first)).as("of a priority that is soon done").isNull();
  }

  @Test
  void whoWaitsUntilItsDeadlineIsToldThatItPassed() {
    AdmissionControl control = control(1, 10);
    control.ticket(TestingRequests.of("a", 0));
    Ticket waiting = control.ticket(TestingRequests.of("a", 0, 1, Duration.ofMillis(20), 0));

    Result<Admission> end = waiting.granted().block();

    assertThat(refusal(end).status()).isEqualTo(504);
    assertThat(control.queued()).isZero();
  }

  @Test
  void aWideRequestIsNotPassedByNarrowOnesOfItsTenant() {
    AdmissionControl control = control(2, 10);
    Ticket one = control.ticket(TestingRequests.of("a", 0));
    Ticket two = control.ticket(TestingRequests.of("a", 0));
    Ticket wide = control.ticket(TestingRequests.of("a", 0, 2, null, 0));
    Ticket narrow = control.ticket(TestingRequests.of("a", 0));

    one.close();
    assertThat(answer(narrow)).isNull();
    two.close();
    assertThat(in(wide)).isTrue();
  }

  @Test
  void moreSequencesThanEverRunAtOnceIsAnErrorOfTheRequest() {
    Ticket wide = control(2, 10).ticket(TestingRequests.of("a", 0, 3, null, 0));

    assertThat(code(wide)).isEqualTo("400 invalid_request_error");
  }

  @Test
  void closingRefusesWhoWaitsAndWhoComes() {
    AdmissionControl control = control(1, 10);
    Ticket running = control.ticket(TestingRequests.of("a", 0));
    Ticket waiting = control.ticket(TestingRequests.of("a", 0));

    control.close();

    assertThat(code(waiting)).isEqualTo("503 overloaded");
    assertThat(code(control.ticket(TestingRequests.of("a", 0)))).isEqualTo("503 overloaded");
    assertThat(control.inFlight()).isEqualTo(1);
    running.close();
    assertThat(control.inFlight()).isZero();
  }

  @Test
  void closingATicketTwiceGivesBackItsPermitsOnce() {
    AdmissionControl control = control(3, 10);
    Ticket held = control.ticket(TestingRequests.of("a", 0));
    Ticket ticket = control.ticket(TestingRequests.of("a", 0));

    ticket.close();
    ticket.close();

    assertThat(control.inFlight()).isEqualTo(1);
    assertThat(in(held)).isTrue();
  }

  @Test
  void requestsBeyondTheMinuteWaitForTheirRefill() {
    var limits = Map.of("a", new TenantLimits(1, 60, null, null));
    AdmissionControl control = control(1000, 10, limits);
    for (int i = 0; i < 60; i++) {
      assertThat(in(control.ticket(TestingRequests.of("a", 0)))).isTrue();
    }

    Ticket beyond = control.ticket(TestingRequests.of("a", 0));

    assertThat(code(beyond)).isEqualTo("429 rate_limit_exceeded");
    assertThat(refusal(answer(beyond)).retryAfter()).isEqualTo(Duration.ofSeconds(1));
    assertThat(in(control.ticket(TestingRequests.of("b", 0)))).as("another tenant").isTrue();
    clock.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(in(control.ticket(TestingRequests.of("a", 0)))).isTrue();
  }

  @Test
  void tokensAreReservedFromTheEstimateAndSettledByWhatWasUsed() {
    var limits = Map.of("a", new TenantLimits(1, null, 1000L, null));
    AdmissionControl control = control(1000, 10, limits);

    Ticket small = control.ticket(TestingRequests.of("a", 0));
    assertThat(remaining(small)).as("80 characters and up to 100 tokens").isEqualTo(1000 - 121);
    small.used(20, 5);
    small.close();
    Ticket large = control.ticket(TestingRequests.of("a", 0));
    assertThat(remaining(large)).isLessThanOrEqualTo(1000 - 25 - 100);
    large.used(20, 3000);
    large.close();

    assertThat(code(control.ticket(TestingRequests.of("a", 0))))
        .as("what was used beyond the estimate is owed")
        .isEqualTo("429 rate_limit_exceeded");
    clock.addAndGet(Duration.ofMinutes(2).toNanos());
    assertThat(code(control.ticket(TestingRequests.of("a", 0))))
        .isEqualTo("429 rate_limit_exceeded");
    clock.addAndGet(Duration.ofMinutes(1).toNanos());
    assertThat(in(control.ticket(TestingRequests.of("a", 0)))).isTrue();
  }

  @Test
  void whatNoEngineTookCostsNoTokens() {
    var limits = Map.of("a", new TenantLimits(1, null, 1000L, null));
    AdmissionControl control = control(1000, 10, limits);

    control.ticket(TestingRequests.of("a", 0)).close();

    assertThat(remaining(control.ticket(TestingRequests.of("a", 0)))).isEqualTo(1000 - 121);
  }

  @Test
  void requestsAtOnceAreBoundedWaitingOnesIncluded() {
    var limits = Map.of("a", new TenantLimits(1, null, null, 2));
    AdmissionControl control = control(1, 10, limits);
    Ticket running = control.ticket(TestingRequests.of("a", 0));
    Ticket waiting = control.ticket(TestingRequests.of("a", 0));

    assertThat(code(control.ticket(TestingRequests.of("a", 0))))
        .isEqualTo("429 rate_limit_exceeded");
    running.close();
    assertThat(in(waiting)).isTrue();
    assertThat(answer(control.ticket(TestingRequests.of("a", 0)))).isNull();
  }

  private static long remaining(Ticket ticket) {
    var rates = ticket.rates();
    return rates == null || rates.tokens() == null ? -1 : rates.tokens().remaining();
  }
}
