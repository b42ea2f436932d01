package dev.gearbox.remote;

import dev.gearbox.engine.EventStream;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.Failed;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.remote.wire.WireException;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;

/**
 * One request on its way to a server and back. Whoever delivers reads the answer: bytes are asked
 * for one read at a time and parsed when the subscriber wants an event, so a slow reader slows the
 * server down and fills no memory.
 */
final class RemoteGeneration extends EventStream {
  /** How long the end of a body may come after the end of its answer. */
  private static final int REST_SECONDS = 1;

  private final RemoteEngine engine;
  private final Answer answer;
  private final AtomicReference<@Nullable Failed> aborted = new AtomicReference<>();
  private final AtomicReference<@Nullable Connection> connection = new AtomicReference<>();

  RemoteGeneration(GenerationRequest request, RemoteEngine engine, Answer answer) {
    super(request);
    this.engine = engine;
    this.answer = answer;
  }

  Answer answer() {
    return answer;
  }

  /** Sends the request; the engine has room for it. */
  void launch(Flux<byte[]> bytes) {
    Connection made = new Connection();
    connection.set(made);
    answer.launched();
    bytes.subscribe(made);
    if (isCancelled() || aborted.get() != null) {
      made.dispose();
    }
    deliver();
  }

  /** Ends it with a failure, whatever has come; what was not delivered yet is dropped. */
  void abort(FailureCode code, String message) {
    TokenCounts counts = answer.counts();
    if (aborted.compareAndSet(null, new Failed(code, message, counts))) {
      disconnect();
      deliver();
    }
  }

  private void disconnect() {
    Connection open = connection.get();
    if (open != null) {
      open.dispose();
    }
  }

  @Override
  protected void started() {
    engine.start(this);
  }

  @Override
  protected void left() {
    disconnect();
    engine.cancelled(this);
  }

  @Override
  protected void rested() {
    answer.paused();
  }

  @Override
  protected @Nullable TokenEvent next() {
    Failed failed = aborted.get();
    if (failed != null) {
      return failed;
    }
    Connection open = connection.get();
    if (open == null) {
      return null; // it waits for its turn
    }
    while (true) {
      try {
        // Read before the answer is: what came before the end is read before the end is believed.
        boolean over = open.over;
        WireException lost = open.lost;
        TokenEvent event = answer.next();
        if (event != null) {
          if (event instanceof TokenEvent.Finished) {
            open.finish();
          }
          return told(event);
        }
        if (over && answer.isStarved()) {
          throw lost != null
              ? lost
              : WireException.broken("the server closed the connection before the answer's end");
        }
        if (!over) {
          open.ask();
          return null;
        }
      } catch (WireException e) {
        open.dispose();
        engine.failed(this, e);
        return new Failed(e.code(), e.text(), answer.counts());
      }
    }
  }

  private TokenEvent told(TokenEvent event) {
    if (event instanceof TokenEvent.Finished) {
      engine.finished(this);
    } else if (answer.isFirst()) {
      engine.begun(this);
    }
    return event;
  }

  /** The bytes of the answer. */
  private final class Connection extends BaseSubscriber<byte[]> {
    private final AtomicBoolean asked = new AtomicBoolean();
    private final Disposable.Swap rest = Disposables.swap();
    private volatile boolean finished;
    private volatile boolean over;
    private volatile @Nullable WireException lost;

    @Override
    protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {
      // Nothing is asked for before somebody wants to read, but the request has to go out.
      ask();
    }

    void ask() {
      answer.resumed();
      if (asked.compareAndSet(false, true)) {
        request(1);
      }
    }

    /** Reads the end of the body, so that the connection can be used again; not for long. */
    void finish() {
      finished = true;
      rest.update(Schedulers.parallel().schedule(this::dispose, REST_SECONDS, TimeUnit.SECONDS));
      requestUnbounded();
    }

    @Override
    protected void hookFinally(SignalType type) {
      rest.dispose();
    }

    @Override
    protected void hookOnNext(byte[] bytes) {
      if (finished) {
        return;
      }
      answer.feed(bytes);
      asked.set(false);
      deliver();
    }

    @Override
    protected void hookOnComplete() {
      over = true;
      deliver();
    }

    @Override
    protected void hookOnError(Throwable e) {
      lost = e instanceof WireException known ? known : WireException.broken(e.toString());
      over = true;
      deliver();
    }
  }
}
