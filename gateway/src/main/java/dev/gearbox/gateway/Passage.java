package dev.gearbox.gateway;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.gateway.admission.Admission;
import dev.gearbox.gateway.admission.Ticket;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.RateStatus;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.console.Lanes;
import dev.gearbox.gateway.console.LiveRequest;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.gateway.stream.Opening;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.telemetry.meter.GatewayMeters;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.record.TraceContext;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One request on its way: holds its ticket and notes when it passed what. Reports its timeline
 * once, when it is closed. The line's signals are ordered, so plain fields do; who looks from
 * outside may see a moment ago.
 */
final class Passage implements AutoCloseable, Lanes.Traveller {
  private static final int CLIENT_CLOSED = 499;

  /** Not to be tried again, which clients know of a 403. */
  private static final LineEvent ENDED =
      new LineEvent.Refused(
          Refusal.of(ErrorCode.PERMISSION_DENIED, "an operator ended this request"));

  private final InferenceRequest request;
  private final Ticket ticket;
  private final LongSupplier clock;
  private final TelemetrySink sink;
  private final GatewayMeters meters;
  private final @Nullable TraceContext trace;
  private final Lanes lanes;
  private final Sinks.Empty<Void> ended = Sinks.empty();
  private final AtomicBoolean reported = new AtomicBoolean();

  private long admitted;
  private long waitedFrom;
  private long waited;
  private long decided;
  private long firstToken;
  private long overhead = -1;
  private @Nullable Opening opening;
  private @Nullable Decision decision;
  private int ends;
  private int prompt;
  private int cached;
  private int generated;
  private int tokens;
  private int longest;
  private EngineTimings timings = EngineTimings.NONE;
  private Outcome outcome = Outcome.CANCELLED;
  private int code = CLIENT_CLOSED;

  Passage(
      InferenceRequest request,
      Ticket ticket,
      LongSupplier clock,
      TelemetrySink sink,
      GatewayMeters meters,
      @Nullable TraceContext trace,
      Lanes lanes) {
    this.request = trace == null ? request : request.within(trace.header());
    this.trace = trace;
    this.ticket = ticket;
    this.clock = clock;
    this.sink = sink;
    this.meters = meters;
    this.lanes = lanes;
    this.waitedFrom = clock.getAsLong();
    lanes.enter(this);
  }

  InferenceRequest request() {
    return request;
  }

  /** What the line says of it until it is ended, after what its tenant has left. */
  Flux<LineEvent> counted(Flux<LineEvent> line) {
    RateStatus rates = ticket.rates();
    Flux<LineEvent> said =
        line.takeUntilOther(ended.asMono())
            .concatWith(Mono.fromSupplier(() -> isEnded() ? ENDED : null));
    return rates == null ? said : said.startWith(new LineEvent.Entered(rates));
  }

  @Override
  public void end() {
    ended.tryEmitEmpty();
  }

  private boolean isEnded() {
    return Boolean.TRUE.equals(ended.scan(Scannable.Attr.TERMINATED));
  }

  /** Its permits, or why it gets none. */
  Mono<Result<Admission>> admitted() {
    return ticket
        .granted()
        .doOnNext(result -> {
          if (result instanceof Result.Ok<Admission>(Admission admission)) {
            admitted = admission.grantedNanos();
          }
        });
  }

  /** Waiting, for permits or for weights, is over: it does not count as overhead. */
  void moving() {
    waited += clock.getAsLong() - waitedFrom;
  }

  void decided(Decision made) {
    decided = clock.getAsLong();
    decision = made;
  }

  /** What there is to say of it when it goes to this engine, which more than one may be asked. */
  Opening opening(Decision.Route route, EngineSlot slot) {
    if (overhead < 0) {
      overhead = Math.max(0, clock.getAsLong() - request.arrivedNanos() - waited);
      meters.overhead(overhead / 1e9);
    }
    return new Opening(
        route.id(),
        route.variant(),
        route.pool(),
        slot.id(),
        slot.running().capabilities().fingerprint(),
        overhead,
        begunBy());
  }

  private List<String> begunBy() {
    Opening by = opening;
    if (by == null || firstToken == 0) {
      return List.of();
    }
    List<String> before = new ArrayList<>(by.begunBy());
    before.add(by.engine());
    return before;
  }

  void saw(LineEvent event) {
    switch (event) {
      case LineEvent.Entered ignored -> {}
      case LineEvent.Opened(Opening now) -> opening = now;
      case LineEvent.Token ignored -> token();
      case LineEvent.Ended(int index, TokenEvent.Finished end) -> ended(index, end);
      case LineEvent.Refused(Refusal refusal) -> refused(refusal);
    }
  }

  @Override
  public LiveRequest look() {
    LiveRequest.Phase phase =
        admitted == 0
            ? LiveRequest.Phase.QUEUED
            : decision == null
                ? LiveRequest.Phase.LOADING
                : firstToken == 0 ? LiveRequest.Phase.PREFILL : LiveRequest.Phase.DECODE;
    return new LiveRequest(
        request,
        phase,
        (clock.getAsLong() - request.arrivedNanos()) / 1e9,
        after(admitted),
        after(decided),
        after(firstToken),
        tokens,
        decision instanceof Decision.Route route ? route : null);
  }

  private @Nullable Double after(long instant) {
    return instant == 0 ? null : Math.max(0, (instant - request.arrivedNanos()) / 1e9);
  }

  private void token() {
    if (firstToken == 0) {
      firstToken = clock.getAsLong();
    }
    tokens++;
  }

  private void ended(int index, TokenEvent.Finished end) {
    ends++;
    // Answers to one prompt share it; only the first of each counts it.
    if (index % request.n() == 0) {
      prompt += end.tokens().prompt();
      cached += end.tokens().cached();
    }
    generated += end.tokens().generated();
    longest = Math.max(longest, end.tokens().generated());
    timings = end.timings();
    if (ends == request.sequences()) {
      outcome =
          switch (end.reason()) {
            case STOP -> Outcome.STOP;
            case LENGTH -> Outcome.LENGTH;
          };
      code = 200;
    }
  }

  private void refused(Refusal refusal) {
    code = refusal.status();
    if (isEnded()) {
      outcome = Outcome.CANCELLED;
      return;
    }
    outcome = code == 504 ? Outcome.EXPIRED : opening == null ? Outcome.REFUSED : Outcome.FAILED;
    if (opening == null) {
      meters.refused(refusal.code(), request.terms().serviceClass().name());
    }
  }

  @Override
  public void close() {
    lanes.leave(this);
    if (opening != null) {
      ticket.used(prompt, Math.max(generated, tokens));
    }
    ticket.close();
    if (reported.compareAndSet(false, true)) {
      sink.finished(timeline());
    }
  }

  private RequestTimeline timeline() {
    Opening by = opening;
    return new RequestTimeline(
        request.id(),
        decision == null ? null : decision.id(),
        request.model(),
        by == null ? null : by.variant(),
        by == null ? null : by.pool(),
        by == null ? null : by.engine(),
        by == null ? List.of() : by.begunBy(),
        request.terms().serviceClass().name(),
        request.caller().tenant(),
        request.streaming(),
        request.arrivedNanos(),
        admitted,
        decided,
        firstToken,
        clock.getAsLong(),
        new TokenCounts(
            prompt,
            Math.min(cached, prompt),
            Math.max(generated, tokens),
            longest == 0 ? tokens : longest),
        timings,
        outcome,
        code,
        trace);
  }
}
