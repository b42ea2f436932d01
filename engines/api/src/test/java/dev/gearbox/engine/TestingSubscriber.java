package dev.gearbox.engine;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.gearbox.engine.TokenEvent.Failed;
import dev.gearbox.engine.TokenEvent.Finished;
import dev.gearbox.engine.TokenEvent.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Keeps every event of a generation, and lets a test wait for them. */
public final class TestingSubscriber implements Flow.Subscriber<TokenEvent> {
  private static final long PATIENCE_SECONDS = 60;

  private final long initialDemand;
  private final Consumer<TestingSubscriber> onEvent;
  private final List<TokenEvent> events = new ArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private Flow.@Nullable Subscription subscription;
  private @Nullable Throwable error;
  private int completions;

  private TestingSubscriber(long initialDemand, Consumer<TestingSubscriber> onEvent) {
    this.initialDemand = initialDemand;
    this.onEvent = onEvent;
  }

  /** Subscribes and takes whatever comes. */
  public static TestingSubscriber to(Flow.Publisher<TokenEvent> publisher) {
    return to(publisher, Long.MAX_VALUE);
  }

  /** Subscribes and asks for {@code demand} events; none when 0. */
  public static TestingSubscriber to(Flow.Publisher<TokenEvent> publisher, long demand) {
    return to(publisher, demand, subscriber -> {});
  }

  /** Subscribes; {@code onEvent} runs on the delivering thread after each event. */
  public static TestingSubscriber to(
      Flow.Publisher<TokenEvent> publisher, long demand, Consumer<TestingSubscriber> onEvent) {
    TestingSubscriber subscriber = new TestingSubscriber(demand, onEvent);
    publisher.subscribe(subscriber);
    return subscriber;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    synchronized (this) {
      this.subscription = subscription;
    }
    if (initialDemand > 0) {
      subscription.request(initialDemand);
    }
  }

  @Override
  public void onNext(TokenEvent event) {
    synchronized (this) {
      events.add(event);
      notifyAll();
    }
    onEvent.accept(this);
  }

  @Override
  public void onError(Throwable throwable) {
    synchronized (this) {
      error = throwable;
    }
    ended.countDown();
  }

  @Override
  public void onComplete() {
    synchronized (this) {
      completions++;
    }
    ended.countDown();
  }

  public void request(long count) {
    subscription().request(count);
  }

  public void cancel() {
    subscription().cancel();
  }

  private synchronized Flow.Subscription subscription() {
    if (subscription == null) {
      throw new IllegalStateException("onSubscribe was not called");
    }
    return subscription;
  }

  /** Waits for the end of the stream. */
  public TestingSubscriber await() {
    try {
      if (!ended.await(PATIENCE_SECONDS, SECONDS)) {
        throw new AssertionError("no end after " + PATIENCE_SECONDS + " s, events: " + events());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    return this;
  }

  /** Waits until {@code count} events have come. */
  public synchronized TestingSubscriber awaitEvents(int count) {
    long giveUp = System.nanoTime() + SECONDS.toNanos(PATIENCE_SECONDS);
    while (events.size() < count) {
      long left = (giveUp - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("wanted " + count + " events, got " + events);
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }
    return this;
  }

  public synchronized List<TokenEvent> events() {
    return List.copyOf(events);
  }

  public synchronized @Nullable Throwable error() {
    return error;
  }

  public synchronized int completions() {
    return completions;
  }

  /** Ids of the tokens. */
  public List<Integer> tokens() {
    return events().stream()
        .filter(Token.class::isInstance)
        .map(event -> ((Token) event).id())
        .toList();
  }

  /** The answer: every token's text and what the last event adds. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (TokenEvent event : events()) {
      switch (event) {
        case Token token -> text.append(token.text());
        case Finished finished -> text.append(finished.text());
        case Failed failed -> {}
      }
    }
    return text.toString();
  }

  /** The terminal event of a stream that ended well. */
  public Finished finished() {
    if (await().events().getLast() instanceof Finished finished) {
      return finished;
    }
    throw new AssertionError("expected Finished, got " + events().getLast());
  }

  /** The terminal event of a stream that failed. */
  public Failed failed() {
    if (await().events().getLast() instanceof Failed failed) {
      return failed;
    }
    throw new AssertionError("expected Failed, got " + events().getLast());
  }
}
