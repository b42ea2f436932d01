package dev.gearbox.runtime;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenIds;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** What threads share without a lock, under every interleaving that Lincheck tries. */
final class LockFreeTest {
  /** The places of an engine: none is given twice, none looks taken that is free. */
  @SuppressWarnings("unused") // called by Lincheck
  public static final class Places {
    private static final GenerationRequest REQUEST =
        GenerationRequest.greedy("r", TokenIds.of(1, 2, 3), 9);

    private final EngineStatus status =
        new EngineStatus(
            new EngineSpec("p/e", "p", "e", "f", Set.of(), 1, 64, 4, 16, 1, 0), "dev", 0);

    @Operation
    public boolean enter() {
      return status.enter(REQUEST);
    }

    @Operation
    public void leave() {
      status.leave(REQUEST);
    }

    @Operation
    public int inFlight() {
      return status.signal(0).waiting();
    }
  }

  /**
   * A stream between its engine and its subscriber: once all is quiet, as many events have come as
   * there are and as were asked for, in their order, and none after the end.
   */
  @SuppressWarnings("unused") // called by Lincheck
  public static final class Stream implements TokenStream.Source, Flow.Subscriber<TokenEvent> {
    private final TokenStream stream =
        new TokenStream(GenerationRequest.greedy("r", TokenIds.of(1), 9), this);
    private final AtomicInteger asked = new AtomicInteger();
    private int emitted;
    private volatile int seen;
    private volatile boolean wrong;

    public Stream() {
      stream.subscribe(this);
    }

    @Operation(nonParallelGroup = "owner")
    public void emit() {
      stream.emit(new TokenEvent.Token(emitted++, "", null));
    }

    @Operation(nonParallelGroup = "owner")
    public void rest() {
      stream.shouldPause();
    }

    @Operation
    public void ask() {
      asked.incrementAndGet();
      stream.request(1);
    }

    @Operation
    public void askForTwo() {
      asked.addAndGet(2);
      stream.request(2);
    }

    @Validate
    public void allThatWasAskedForHasCome() {
      if (wrong || seen != Math.min(emitted, asked.get())) {
        throw new AssertionError(
            "%d events, %d asked for, %d seen".formatted(emitted, asked.get(), seen));
      }
    }

    @Override
    public void onNext(TokenEvent event) {
      wrong |= !(event instanceof TokenEvent.Token token) || token.id() != seen;
      // Deliveries follow each other, whichever thread makes them.
      int before = seen;
      seen = before + 1;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {}

    @Override
    public void onError(Throwable thrown) {
      wrong = true;
    }

    @Override
    public void onComplete() {
      wrong = true;
    }

    @Override
    public void start(TokenStream started) {}

    @Override
    public void cancel(TokenStream cancelled) {}

    @Override
    public void resume() {}
  }

  private static void check(Class<?> parts) {
    new ModelCheckingOptions()
        .iterations(8)
        .invocationsPerIteration(300)
        .threads(2)
        .actorsPerThread(3)
        .check(parts);
    new StressOptions()
        .iterations(4)
        .invocationsPerIteration(500)
        .threads(3)
        .actorsPerThread(3)
        .check(parts);
  }

  @Test
  void placesOfAnEngineAreGivenOnce() {
    check(Places.class);
  }

  @Test
  void eventsOfAStreamComeOnceAndInOrder() {
    check(Stream.class);
  }
}
