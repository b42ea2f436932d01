package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

final class TokenStreamTest {
  private static final TokenEvent END =
      new TokenEvent.Finished(FinishReason.STOP, "", TokenCounts.NONE, EngineTimings.NONE);

  private int started;
  private int cancelled;
  private int resumed;

  private final TokenStream stream =
      new TokenStream(
          GenerationRequest.greedy("r", TokenIds.of(1), 1),
          new TokenStream.Source() {
            @Override
            public void start(TokenStream stream) {
              started++;
            }

            @Override
            public void cancel(TokenStream stream) {
              cancelled++;
            }

            @Override
            public void resume() {
              resumed++;
            }
          });

  private static TokenEvent token(int id) {
    return new TokenEvent.Token(id, "t", null);
  }

  @Test
  void deliversInOrderAsMuchAsIsWanted() {
    TestingSubscriber subscriber = TestingSubscriber.to(stream, 2);
    for (int i = 0; i < 4; i++) {
      stream.emit(token(i));
    }
    assertThat(subscriber.tokens()).containsExactly(0, 1);
    subscriber.request(1);
    assertThat(subscriber.tokens()).containsExactly(0, 1, 2);
    stream.emit(END);
    subscriber.request(Long.MAX_VALUE);
    subscriber.request(Long.MAX_VALUE);
    assertThat(subscriber.tokens()).containsExactly(0, 1, 2, 3);
    assertThat(subscriber.completions()).isEqualTo(1);
  }

  @Test
  void asksToPauseWhenItsBufferIsFullAndToResumeWhenItIsRead() {
    TestingSubscriber subscriber = TestingSubscriber.to(stream, 0);
    for (int i = 0; i < TokenStream.MAX_WAITING_EVENTS - 1; i++) {
      stream.emit(token(i));
    }
    assertThat(stream.shouldPause()).isFalse();
    stream.emit(token(99));
    assertThat(stream.shouldPause()).isTrue();
    subscriber.request(1);
    assertThat(resumed).isEqualTo(1);
    assertThat(stream.shouldPause()).isFalse();
  }

  @Test
  void aSubscriberMayAskFromWithinAnEvent() {
    TestingSubscriber subscriber = TestingSubscriber.to(stream, 1, s -> s.request(1));
    for (int i = 0; i < 50; i++) {
      stream.emit(token(i));
    }
    assertThat(subscriber.tokens()).hasSize(50);
  }

  @Test
  void cancelsOnce() {
    TestingSubscriber subscriber = TestingSubscriber.to(stream, 5);
    subscriber.cancel();
    subscriber.cancel();
    stream.emit(token(1));
    assertThat(subscriber.events()).isEmpty();
    assertThat(cancelled).isEqualTo(1);
  }

  @Test
  void cancelledWhileSubscribingNeverStarts() {
    stream.subscribe(
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            subscription.cancel();
          }

          @Override
          public void onNext(TokenEvent item) {}

          @Override
          public void onError(Throwable throwable) {}

          @Override
          public void onComplete() {}
        });
    assertThat(started).isZero();
  }

  @Test
  void aDemandOfNothingIsAnErrorAndEndsTheWork() {
    TestingSubscriber subscriber = TestingSubscriber.to(stream, 0);
    subscriber.request(0);
    assertThat(subscriber.await().error()).isInstanceOf(IllegalArgumentException.class);
    assertThat(cancelled).isEqualTo(1);
    stream.emit(END);
    assertThat(subscriber.events()).isEmpty();
  }

  @Test
  void startsOnSubscription() {
    assertThat(started).isZero();
    TestingSubscriber.to(stream);
    assertThat(started).isEqualTo(1);
  }
}
