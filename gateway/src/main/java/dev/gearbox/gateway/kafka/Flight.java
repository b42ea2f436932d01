package dev.gearbox.gateway.kafka;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.stream.Line;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.gateway.stream.StreamFrames;
import dev.gearbox.gateway.stream.WholeAnswer;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/**
 * One job on the line. The line's signals are ordered and touch nothing but this flight; its end
 * goes to its intake as a message.
 */
final class Flight {
  final Job job;
  private final InferenceRequest request;
  private final WholeAnswer whole;
  private final @Nullable StreamFrames frames;
  private final Queue<Message> inbox;
  private final LongSupplier clock;
  private @Nullable Disposable subscription;
  private long firstToken;
  private int prompt;
  private int generated;

  /** To the intake's thread. */
  sealed interface Message {
    /** It is over. */
    record Landed(Flight flight, Answer answer) implements Message {}

    /** A piece of a streamed answer, one server-sent event. */
    record Piece(Flight flight, String event) implements Message {}
  }

  private Flight(
      Job job, InferenceRequest request, long created, Queue<Message> inbox, LongSupplier clock) {
    this.job = job;
    this.request = request;
    this.whole = new WholeAnswer(request, created);
    this.frames = request.streaming() ? new StreamFrames(request, created) : null;
    this.inbox = inbox;
    this.clock = clock;
  }

  /**
   * Begins.
   *
   * @param request of the job, as it is taken up
   * @param created seconds since 1970
   */
  static Flight start(
      Job job,
      InferenceRequest request,
      long created,
      Line line,
      Queue<Message> inbox,
      LongSupplier clock) {
    Flight flight = new Flight(job, request, created, inbox, clock);
    flight.subscription =
        Flux.defer(() -> line.run(request))
            .subscribe(flight::saw, flight::failed, flight::completed);
    return flight;
  }

  private void saw(LineEvent event) {
    if (event instanceof LineEvent.Token && firstToken == 0) {
      firstToken = clock.getAsLong();
    }
    if (event instanceof LineEvent.Ended(int index, TokenEvent.Finished end)) {
      prompt += index % request.n() == 0 ? end.tokens().prompt() : 0;
      generated += end.tokens().generated();
    }
    whole.add(event);
    if (frames != null && !(event instanceof LineEvent.Refused)) {
      frames
          .of(event)
          .forEach(frame ->
              inbox.add(new Message.Piece(this, new String(frame, StandardCharsets.UTF_8))));
    }
  }

  private void completed() {
    Refusal refusal = whole.refusal();
    try {
      land(refusal, refusal == null ? new String(whole.json(), StandardCharsets.UTF_8) : null);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  private void failed(Throwable e) {
    land(Refusal.of(ErrorCode.INTERNAL_ERROR, "the request failed: " + e), null);
  }

  private void land(@Nullable Refusal refusal, @Nullable String body) {
    long now = clock.getAsLong();
    long ttft = firstToken == 0 ? 0 : firstToken - request.arrivedNanos();
    inbox.add(
        new Message.Landed(
            this,
            new Answer(
                body,
                refusal,
                whole.opening(),
                prompt,
                generated,
                ttft,
                now - request.arrivedNanos())));
  }

  /** Stops the work; nothing that it says counts any more. */
  void cancel() {
    Disposable running = subscription;
    if (running != null) {
      running.dispose();
    }
  }
}
