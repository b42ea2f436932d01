package dev.gearbox.remote;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.remote.RemoteModel.Known;
import dev.gearbox.remote.dialect.ServerSignals;
import dev.gearbox.remote.wire.ChunkReader;
import dev.gearbox.remote.wire.RequestWriter;
import dev.gearbox.remote.wire.ServerClient;
import dev.gearbox.remote.wire.WireException;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Schedulers;

/**
 * A model on an OpenAI-compatible server. It is given as many requests as its credit allows, which
 * is counted here and never read from its metrics; more wait here. Its signals are what was sent to
 * it, and what others sent as far as its metrics tell.
 *
 * <p>Waiting and running requests change under one lock, under which nobody is called.
 */
public final class RemoteEngine implements Engine {
  private static final long TICK_MILLIS = 50;

  private final RemoteSpec spec;
  private final RemoteModel model;
  private final ServerClient client;
  private final RequestWriter writer;
  private final ChunkReader chunks;
  private final Breaker breaker;
  private final ServerWatch watch;
  private final Paces paces;
  private final LongSupplier clock;
  private final Disposable.Composite timers = Disposables.composite();

  private final Object lock = new Object();
  private final Deque<RemoteGeneration> waiting = new ArrayDeque<>();
  private final Map<RemoteGeneration, Paces.Watch> running = new LinkedHashMap<>();
  private boolean draining;
  private boolean closed;

  /**
   * Opens; looks at the server begin at once.
   *
   * @param model what is known of the model
   * @param client closed with the engine
   * @param told hears what the server's steps seem to take
   * @param clock monotonic nanoseconds, the one that deadlines and signals are in
   */
  RemoteEngine(
      RemoteSpec spec,
      RemoteModel model,
      ServerClient client,
      Consumer<StepRecord> told,
      LongSupplier clock) {
    this.spec = spec;
    this.model = model;
    this.client = client;
    this.clock = clock;
    this.writer = new RequestWriter(spec.dialect(), spec.servedAs(), model.asTokens());
    this.chunks = new ChunkReader(model::text);
    this.breaker = new Breaker(spec.engine(), clock, spec.slowStart());
    this.watch = new ServerWatch(spec, client, breaker, this::sent, clock);
    this.paces = new Paces(spec, told);
  }

  /** Begins to look at the server and at what runs late. */
  RemoteEngine started() {
    long probe = spec.patience().probe().toMillis();
    timers.add(
        Schedulers.parallel().schedulePeriodically(watch::look, 0, probe, TimeUnit.MILLISECONDS));
    timers.add(
        Schedulers.parallel()
            .schedulePeriodically(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS));
    return this;
  }

  @Override
  public EngineCapabilities capabilities() {
    return model.capabilities();
  }

  /** Whether its server gets the very tokens that prompts were encoded to. */
  public boolean takesTokens() {
    return model.asTokens();
  }

  @Override
  public Encoding encode(Prompt prompt) {
    return model.encode(prompt);
  }

  @Override
  public Flow.Publisher<TokenEvent> submit(GenerationRequest request) {
    model.check(request);
    return new RemoteGeneration(request, this, new Answer(request, chunks, clock));
  }

  /** A subscriber has come. */
  void start(RemoteGeneration generation) {
    GenerationRequest request = generation.request();
    FailureCode no = null;
    String why = "";
    boolean launch = false;
    synchronized (lock) {
      if (closed) {
        no = FailureCode.ENGINE_FAILED;
        why = "the engine was closed";
      } else if (draining) {
        no = FailureCode.OVERLOADED;
        why = "the engine is draining";
      } else if (request.deadlineNanos() - clock.getAsLong() <= 0) {
        no = FailureCode.DEADLINE_EXCEEDED;
        why = "the deadline passed before the request was sent";
      } else if (request.prompt().size() + request.maxTokens() > capabilities().maxContext()) {
        no = FailureCode.CONTEXT_LENGTH_EXCEEDED;
        why = "prompt and answer exceed the context of " + capabilities().maxContext() + " tokens";
      } else if (breaker.isOpen()) {
        no = FailureCode.ENGINE_FAILED;
        why = "the server is not answering";
      } else if (running.size() < credit() && breaker.tryAcquire()) {
        enter(generation);
        launch = true;
      } else if (waiting.size() < spec.queueLimit() && !breaker.isTrying()) {
        waiting.add(generation);
      } else {
        no = FailureCode.OVERLOADED;
        why = "the engine has " + running.size() + " requests and " + waiting.size() + " wait";
      }
    }
    if (no != null) {
      generation.abort(no, why);
    } else if (launch) {
      launch(generation);
    }
  }

  private void enter(RemoteGeneration generation) {
    ServerWatch.Seen seen = watch.seen();
    int there = running.size() + seen.others() - seen.waiting();
    running.put(generation, new Paces.Watch(there, context(), seen.waiting() > 0));
  }

  private void launch(RemoteGeneration generation) {
    GenerationRequest request = generation.request();
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("x-request-id", request.id());
    if (request.deadlineNanos() != Long.MAX_VALUE) {
      long left = (request.deadlineNanos() - clock.getAsLong()) / 1_000_000;
      headers.put("x-gearbox-deadline-ms", Long.toString(Math.max(1, left)));
    }
    generation.launch(client.stream(writer.path(request), writer.body(request), headers));
  }

  /** Requests that it may have at this moment. */
  private int credit() {
    return Math.max(1, (int) (breaker.share() * spec.maxSequences()));
  }

  /** The first token of a generation was delivered. */
  void begun(RemoteGeneration generation) {
    breaker.succeeded();
  }

  /** More of a generation was delivered. */
  void finished(RemoteGeneration generation) {
    Paces.Watch left = leave(generation);
    if (left != null) {
      if (generation.answer().generated() == 0) {
        breaker.succeeded();
      }
      pace(generation, left, true);
      paces.ended(left, generation.answer());
    }
    fill();
  }

  /** A generation failed on its way. */
  void failed(RemoteGeneration generation, WireException why) {
    if (leave(generation) != null) {
      if (why.fault()) {
        breaker.failed(why);
      } else if (!generation.answer().begun()) {
        breaker.released();
      }
    }
    fill();
  }

  /** A subscriber has gone; may come late. */
  void cancelled(RemoteGeneration generation) {
    if (leave(generation) != null && !generation.answer().begun()) {
      breaker.released();
    }
    fill();
  }

  private Paces.@Nullable Watch leave(RemoteGeneration generation) {
    synchronized (lock) {
      waiting.remove(generation);
      return running.remove(generation);
    }
  }

  /** Sends what waits, as far as there is room. */
  private void fill() {
    while (true) {
      RemoteGeneration next;
      synchronized (lock) {
        if (waiting.isEmpty() || closed || running.size() >= credit() || !breaker.tryAcquire()) {
          return;
        }
        next = waiting.remove();
        enter(next);
      }
      launch(next);
    }
  }

  /** Ends what is overdue and sends what waits. */
  void tick() {
    long now = clock.getAsLong();
    List<RemoteGeneration> all;
    List<RemoteGeneration> queued;
    synchronized (lock) {
      all = List.copyOf(running.keySet());
      queued = List.copyOf(waiting);
    }
    boolean open = breaker.isOpen();
    for (RemoteGeneration each : queued) {
      if (each.request().deadlineNanos() - now <= 0) {
        late(each);
      } else if (open) {
        leave(each);
        each.abort(FailureCode.ENGINE_FAILED, "the server is not answering");
      }
    }
    for (RemoteGeneration each : all) {
      String overdue = each.answer().overdue(spec.patience(), breaker.silent(), now);
      if (each.request().deadlineNanos() - now <= 0) {
        late(each);
      } else if (overdue != null) {
        failed(each, WireException.broken(overdue));
        each.abort(FailureCode.ENGINE_FAILED, overdue);
      } else {
        pace(each);
      }
    }
    fill();
  }

  private void late(RemoteGeneration generation) {
    cancelled(generation);
    generation.abort(FailureCode.DEADLINE_EXCEEDED, "the deadline passed");
  }

  private void pace(RemoteGeneration generation) {
    Paces.Watch at;
    synchronized (lock) {
      at = running.get(generation);
    }
    if (at != null && generation.answer().begun()) {
      pace(generation, at, false);
    }
  }

  private void pace(RemoteGeneration generation, Paces.Watch at, boolean last) {
    int there;
    long context;
    synchronized (lock) {
      ServerWatch.Seen seen = watch.seen();
      there = running.size() + (last ? 1 : 0) + seen.others() - seen.waiting();
      context = context();
    }
    synchronized (at) {
      paces.went(at, generation.answer(), there, context, last);
    }
  }

  private int sent() {
    synchronized (lock) {
      return running.size();
    }
  }

  /** Tokens of all that run; under the lock. */
  private long context() {
    long tokens = 0;
    for (RemoteGeneration each : running.keySet()) {
      tokens += each.answer().promptTokens() + each.answer().generated();
    }
    return tokens;
  }

  @Override
  public EngineSignal signal() {
    ServerWatch.Seen seen = watch.seen();
    Known known = model.known(seen.signals());
    synchronized (lock) {
      long prefill = 0;
      for (RemoteGeneration each : running.keySet()) {
        prefill += each.answer().begun() ? 0 : each.answer().promptTokens();
      }
      for (RemoteGeneration each : waiting) {
        prefill += each.answer().promptTokens();
      }
      return new EngineSignal(
          spec.engine(),
          spec.pool(),
          spec.variant(),
          spec.device(),
          state(),
          running.size() + seen.others() - seen.waiting(),
          waiting.size() + seen.waiting(),
          (int) Math.min(Integer.MAX_VALUE, prefill),
          context(),
          credit(),
          known.blocksFree(),
          known.blocks(),
          watch.takenNanos());
    }
  }

  private State state() {
    if (closed) {
      return State.CLOSED;
    }
    if (draining) {
      return State.DRAINING;
    }
    return breaker.isOpen() ? State.FAILED : State.READY;
  }

  @Override
  public EngineCounters counters() {
    ServerSignals signals = watch.seen().signals();
    return new EngineCounters(
        0,
        0,
        (long) Math.max(0, signals.prefixQueries()),
        (long) Math.max(0, signals.prefixHits()),
        0,
        0,
        0,
        0);
  }

  @Override
  public void drain() {
    synchronized (lock) {
      draining = true;
    }
  }

  @Override
  public void close() {
    List<RemoteGeneration> left = new ArrayList<>();
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      left.addAll(running.keySet());
      left.addAll(waiting);
      running.clear();
      waiting.clear();
    }
    timers.dispose();
    left.forEach(each -> each.abort(FailureCode.ENGINE_FAILED, "the engine was closed"));
    client.close();
  }
}
