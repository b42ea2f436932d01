package dev.gearbox.policy.simulate;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.signal.Signals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Arrivals in real time on engines that run: what {@link SimulatedGateway} does in virtual time,
 * scored by the same {@link Flight}. Answers have the length that the arrival says, whatever the
 * engine would say. Decisions are made on the caller's thread; what engines tell is taken down on
 * {@code events}, one at a time, with the instant at which it was told.
 */
final class RealRun {
  private final Fleet fleet;
  private final int maxTokens;
  private final Map<String, Engine> engines;
  private final Supplier<Signals> signals;
  private final Executor events;
  private final Arm arm;
  private final Consumer<Ended> ended;
  private final CountDownLatch open;

  /**
   * A run.
   *
   * @param maxTokens what clients ask for at most
   * @param engines by id
   * @param events runs one after the other what it is given
   * @param ended told once of every arrival, on {@code events}
   * @param arrivals how many there will be
   */
  RealRun(
      Fleet fleet,
      int maxTokens,
      Map<String, Engine> engines,
      Supplier<Signals> signals,
      Executor events,
      Arm arm,
      Consumer<Ended> ended,
      int arrivals) {
    this.fleet = fleet;
    this.maxTokens = maxTokens;
    this.engines = engines;
    this.signals = signals;
    this.events = events;
    this.arm = arm;
    this.ended = ended;
    this.open = new CountDownLatch(arrivals);
  }

  /**
   * Hands out every arrival when it is due, and waits until all have ended.
   *
   * @param patienceNanos how long the last of them may take
   * @return whether all have
   */
  boolean play(List<Arrival> arrivals, long patienceNanos) throws InterruptedException {
    long start = System.nanoTime();
    for (Arrival arrival : arrivals) {
      long due = start + arrival.nanos();
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
      arrive(arrival, due);
    }
    return open.await(patienceNanos, TimeUnit.NANOSECONDS);
  }

  /** Whoever is handed out late waited all the same: it counts from when it was due. */
  private void arrive(Arrival arrival, long due) {
    Map<String, Integer> tokens = new HashMap<>();
    fleet.variants().forEach(variant -> tokens.put(variant.name(), arrival.promptTokens()));
    RequestFacts facts =
        new RequestFacts(
            SimulatedGateway.ID + arrival.number(),
            fleet.model(),
            arrival.serviceClass(),
            SimulatedGateway.TENANT,
            arrival.serviceClass().targets(),
            tokens,
            maxTokens,
            true,
            SimulatedGateway.NEEDS,
            due);
    switch (arm.decide(facts, signals.get())) {
      case Decision.Route route -> {
        List<String> order = new ArrayList<>();
        order.add(route.engine());
        order.addAll(route.alternatives());
        new Try(new Flight(arrival, facts, route, System.nanoTime()), order, 0).begin();
      }
      case Decision.Refuse refuse ->
          events.execute(() -> {
            arm.complete(Flight.refused(facts, refuse.id(), System.nanoTime()));
            end(Ended.refused(arrival));
          });
    }
  }

  private void end(Ended one) {
    ended.accept(one);
    open.countDown();
  }

  /** One engine's attempt at a request; where it has no place, the next one's. */
  private final class Try implements Flow.Subscriber<TokenEvent> {
    private final Flight flight;
    private final List<String> order;
    private final int at;

    Try(Flight flight, List<String> order, int at) {
      this.flight = flight;
      this.order = order;
      this.at = at;
    }

    void begin() {
      Engine engine = at < order.size() ? engines.get(order.get(at)) : null;
      if (engine == null) {
        events.execute(() -> finish(null, Outcome.REFUSED, System.nanoTime(), 0));
        return;
      }
      int vocabulary = engine.capabilities().vocabulary();
      engine.submit(flight.exactly(vocabulary)).subscribe(this);
      arm.submitted(flight.facts().requestId());
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TokenEvent event) {
      long now = System.nanoTime();
      events.execute(() -> take(event, now));
    }

    @Override
    public void onError(Throwable thrown) {
      events.execute(() -> finish(order.get(at), Outcome.FAILED, System.nanoTime(), 0));
    }

    @Override
    public void onComplete() {}

    private void take(TokenEvent event, long now) {
      switch (event) {
        case TokenEvent.Token token -> flight.token(now);
        case TokenEvent.Finished finished ->
            finish(order.get(at), Outcome.LENGTH, now, finished.tokens().cached());
        case TokenEvent.Failed failed -> {
          if (failed.code() == FailureCode.OVERLOADED && flight.tokens() == 0) {
            new Try(flight, order, at + 1).begin();
          } else {
            boolean late = failed.code() == FailureCode.DEADLINE_EXCEEDED;
            finish(order.get(at), late ? Outcome.EXPIRED : Outcome.FAILED, now, 0);
          }
        }
      }
    }

    private void finish(@Nullable String engine, Outcome outcome, long now, int cached) {
      flight.entered(cached);
      EngineProfile profile = engine == null ? null : fleet.ofEngine(engine);
      RequestTimeline timeline = flight.timeline(engine, profile, outcome, now);
      arm.complete(timeline);
      end(Ended.of(flight, profile, outcome, timeline, now));
    }
  }
}
