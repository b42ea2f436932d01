package dev.gearbox.remote;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.remote.RemoteModel.Known;
import dev.gearbox.remote.wire.ChunkReader;
import dev.gearbox.remote.wire.RequestWriter;
import dev.gearbox.remote.wire.ServerClient;
import dev.gearbox.remote.wire.WireException;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
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
 */
public final class RemoteEngine implements Engine {
  private static final long TICK_MILLIS = 50;
  private static final String NOT_ANSWERING = "the server is not answering";
  private static final String CLOSED = "the engine was closed";

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

  private final Traffic traffic = new Traffic();

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
    int context = model.capabilities().maxContext();
    this.writer = new RequestWriter(spec.dialect(), spec.servedAs(), model.asTokens(), context);
    this.chunks = new ChunkReader(model::text);
    this.breaker = new Breaker(spec.engine(), clock, spec.slowStart());
    this.watch = new ServerWatch(spec, client, breaker, () -> traffic.load().running(), clock);
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
    if (request.deadlineNanos() - clock.getAsLong() <= 0) {
      generation.abort(
          FailureCode.DEADLINE_EXCEEDED, "the deadline passed before the request was sent");
      return;
    }
    int context = capabilities().maxContext();
    if (request.prompt().size() + request.maxTokens() > context) {
      generation.abort(
          FailureCode.CONTEXT_LENGTH_EXCEEDED,
          "prompt and answer exceed the context of " + context + " tokens");
      return;
    }
    boolean open = breaker.isOpen();
    // While one request tries a server that came back, others wait for what becomes of it.
    int queue = open ? 0 : spec.queueLimit();
    switch (traffic.enter(generation, credit(), queue, breaker::tryAcquire, watch.seen())) {
      case GOES -> launch(generation);
      case WAITS -> {}
      case FULL ->
          generation.abort(
              open ? FailureCode.ENGINE_FAILED : FailureCode.OVERLOADED,
              open ? NOT_ANSWERING : "as many requests wait for the server as may");
      case DRAINING -> generation.abort(FailureCode.OVERLOADED, "the engine is draining");
      case CLOSED -> generation.abort(FailureCode.ENGINE_FAILED, CLOSED);
    }
  }

  private void launch(RemoteGeneration generation) {
    GenerationRequest request = generation.request();
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("x-request-id", request.id());
    String trace = request.traceparent();
    if (trace != null) {
      headers.put("traceparent", trace);
    }
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

  /** A generation was delivered to its end. */
  void finished(RemoteGeneration generation) {
    Paces.Watch left = traffic.leave(generation);
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
    if (traffic.leave(generation) != null) {
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
    if (traffic.leave(generation) != null && !generation.answer().begun()) {
      breaker.released();
    }
    fill();
  }

  /** Sends what waits, as far as there is room. */
  private void fill() {
    for (RemoteGeneration next = next(); next != null; next = next()) {
      launch(next);
    }
  }

  private @Nullable RemoteGeneration next() {
    return traffic.next(credit(), breaker::tryAcquire, watch.seen());
  }

  /** Ends what is overdue and sends what waits. */
  void tick() {
    long now = clock.getAsLong();
    boolean open = breaker.isOpen();
    for (RemoteGeneration each : traffic.waiting()) {
      if (each.request().deadlineNanos() - now <= 0) {
        late(each);
      } else if (open) {
        traffic.leave(each);
        each.abort(FailureCode.ENGINE_FAILED, NOT_ANSWERING);
      }
    }
    for (RemoteGeneration each : traffic.running()) {
      String overdue = each.answer().overdue(spec.patience(), breaker.silent(), now);
      if (each.request().deadlineNanos() - now <= 0) {
        late(each);
      } else if (overdue != null) {
        failed(each, WireException.broken(overdue));
        each.abort(FailureCode.ENGINE_FAILED, overdue);
      } else if (each.answer().begun()) {
        pace(each, traffic.watch(each), false);
      }
    }
    fill();
  }

  private void late(RemoteGeneration generation) {
    cancelled(generation);
    generation.abort(FailureCode.DEADLINE_EXCEEDED, "the deadline passed");
  }

  private void pace(RemoteGeneration generation, Paces.@Nullable Watch at, boolean last) {
    if (at == null) {
      return;
    }
    ServerWatch.Seen seen = watch.seen();
    Traffic.Load load = traffic.load();
    int there = load.running() + (last ? 1 : 0) + seen.others() - seen.waiting();
    synchronized (at) {
      paces.went(at, generation.answer(), there, load.contextTokens(), last);
    }
  }

  @Override
  public EngineSignal signal() {
    ServerWatch.Seen seen = watch.seen();
    Known known = model.known(seen.signals());
    Traffic.Load load = traffic.load();
    return new EngineSignal(
        spec.engine(),
        spec.pool(),
        spec.variant(),
        spec.device(),
        state(load),
        load.running() + seen.others() - seen.waiting(),
        load.waiting() + seen.waiting(),
        (int) Math.min(Integer.MAX_VALUE, load.prefillTokens()),
        load.contextTokens(),
        credit(),
        known.blocksFree(),
        known.blocks(),
        clock.getAsLong(),
        watch.heardNanos(),
        0);
  }

  private State state(Traffic.Load load) {
    if (load.closed() || load.draining()) {
      return load.closed() ? State.CLOSED : State.DRAINING;
    }
    return breaker.isOpen() ? State.FAILED : State.READY;
  }

  @Override
  public EngineCounters counters() {
    return watch.counters();
  }

  @Override
  public void drain() {
    traffic.drain();
  }

  @Override
  public void close() {
    List<RemoteGeneration> left = traffic.close();
    timers.dispose();
    left.forEach(each -> each.abort(FailureCode.ENGINE_FAILED, CLOSED));
    client.close();
  }
}
