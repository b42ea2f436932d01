package dev.gearbox.gateway;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.dispatch.Care.Rescue;
import dev.gearbox.gateway.dispatch.Dispatcher;
import dev.gearbox.gateway.dispatch.Dispatcher.Wanted;
import dev.gearbox.gateway.dispatch.EncodedPrompts;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.Gearing;
import dev.gearbox.gateway.dispatch.RetryBudget;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.CandidateFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Lets another engine go on with an answer whose engine dies, or is so slow that its deadline will
 * be missed where another would keep it. It gets the prompt and what the client was told, in tokens
 * where it has the same; the client sees one answer.
 *
 * @param encoding where prompts become tokens
 */
record Rescues(
    Gearing gearing,
    Dispatcher dispatcher,
    RetryBudget budget,
    Scheduler encoding,
    LongSupplier clock) {
  /** Engines that may take over one answer, one after the other. */
  private static final int MOST = 3;

  private static final Duration LOOK_EVERY = Duration.ofMillis(100);

  /** The events of an engine's answer, and those of whoever has to go on with it. */
  Flux<LineEvent> kept(
      Rescue rescue,
      Passage passage,
      Decision.Route route,
      EncodedPrompts prompts,
      Flux<LineEvent> answer) {
    return rescue == Rescue.NONE
        ? answer
        : Flux.defer(() -> new Course(rescue, passage, prompts, route).follow(answer, route));
  }

  /** One request on its way from engine to engine. Its signals are ordered, so plain fields do. */
  private final class Course {
    private final Rescue rescue;
    private final Passage passage;
    private final InferenceRequest request;
    private final EncodedPrompts prompts;
    private final List<Told> told;
    private final Set<String> tried = ConcurrentHashMap.newKeySet();
    private final String encoder;
    private LineEvent.@Nullable Refused broke;
    private Decision.@Nullable Route better;

    Course(Rescue rescue, Passage passage, EncodedPrompts prompts, Decision.Route route) {
      this.rescue = rescue;
      this.passage = passage;
      this.request = passage.request();
      this.prompts = prompts;
      this.told = IntStream.range(0, request.sequences()).mapToObj(Told::new).toList();
      this.encoder = slot(route.engine()).encoder();
    }

    Flux<LineEvent> follow(Flux<LineEvent> events, Decision.Route route) {
      tried.add(route.engine());
      broke = null;
      better = null;
      Flux<LineEvent> kept = events.takeWhile(event -> !breaks(event));
      if (request.deadlineNanos() != Long.MAX_VALUE) {
        kept = kept.takeUntilOther(late(route));
      }
      return kept.doOnNext(this::saw).concatWith(Flux.defer(() -> after(route)));
    }

    private boolean breaks(LineEvent event) {
      if (event instanceof LineEvent.Refused refused && refused.refusal().elsewhere()) {
        broke = refused;
      }
      return broke != null;
    }

    private void saw(LineEvent event) {
      switch (event) {
        case LineEvent.Token(int index, TokenEvent.Token token) ->
            told.get(index).token(token, clock.getAsLong());
        case LineEvent.Ended ended -> told.get(ended.index()).end();
        case LineEvent.Entered entered -> {}
        case LineEvent.Opened opened -> {}
        case LineEvent.Refused refused -> {}
      }
    }

    private Flux<LineEvent> after(Decision.Route route) {
      if (told.stream().allMatch(Told::ended)) {
        return Flux.empty();
      }
      Decision.Route chosen = better;
      if (chosen != null) {
        // Where the other does not take it after all, the slow one is still better than none.
        tried.remove(route.engine());
        return on(chosen);
      }
      LineEvent.Refused end = broke;
      return end == null ? Flux.empty() : elsewhere(route, end);
    }

    /** Says when, and then where, another engine would keep the deadline that this one misses. */
    private Mono<Decision.Route> late(Decision.Route route) {
      return Flux.interval(LOOK_EVERY)
          .onBackpressureDrop()
          .mapNotNull(tick -> faster(route))
          .next()
          .doOnNext(found -> better = found);
    }

    private Decision.@Nullable Route faster(Decision.Route route) {
      long now = clock.getAsLong();
      long left = request.deadlineNanos() - now;
      if (tried.size() > MOST || !late(route.maxTokens(), left, now)) {
        return null;
      }
      for (CandidateRow row : allowed(route)) {
        CandidateFacts facts = row.facts();
        int length =
            request.ignoreEos()
                ? route.maxTokens()
                : Math.min(route.maxTokens(), facts.expectedTokens());
        int rest = told.stream().mapToInt(each -> length - each.count()).max().orElse(0);
        double seconds = facts.forecast().ttftP50() + rest * facts.forecast().tpotP50();
        if (late(length, left, now) && seconds * 1e9 <= left && budget.tryAgain()) {
          return onto(row, route);
        }
      }
      return null;
    }

    private boolean late(int length, long left, long now) {
      return told.stream().anyMatch(each -> each.pace(now) * (length - each.count()) > left);
    }

    /** The best engine that has not been tried goes on; {@code otherwise} where there is none. */
    private Flux<LineEvent> elsewhere(Decision.Route route, LineEvent.Refused otherwise) {
      Decision.Route next =
          tried.size() > MOST
              ? null
              : allowed(route).stream().map(row -> onto(row, route)).findFirst().orElse(null);
      return next == null || !budget.tryAgain() ? Flux.just(otherwise) : on(next);
    }

    private List<CandidateRow> allowed(Decision.Route route) {
      long now = clock.getAsLong();
      long deadline = request.deadlineNanos();
      Duration left =
          deadline == Long.MAX_VALUE ? null : Duration.ofNanos(Math.max(1, deadline - now));
      return gearing.allowed(request.taken(now, left, request.origin()), prompts).stream()
          .filter(row -> !tried.contains(row.facts().engine()))
          .filter(row -> rescue == Rescue.MODEL || row.facts().variant().equals(route.variant()))
          .toList();
    }

    private Decision.Route onto(CandidateRow row, Decision.Route route) {
      return gearing.onto(slot(row.facts().engine()), route, List.of());
    }

    private EngineSlot slot(String engine) {
      EngineSlot slot = prompts.candidate(engine);
      if (slot == null) {
        throw new IllegalStateException(engine + " is no candidate of " + request.id());
      }
      return slot;
    }

    private Flux<LineEvent> on(Decision.Route route) {
      return Mono.fromCallable(() -> begin(route))
          .subscribeOn(encoding)
          .flatMapMany(rest -> rest)
          .onErrorResume(RejectedExecutionException.class, e -> Flux.just(cannot(route)));
    }

    private static LineEvent.Refused cannot(Decision.Route route) {
      return new LineEvent.Refused(
          Refusal.of(
              ErrorCode.ENGINE_FAILED, route.engine() + " cannot go on with what was begun"));
    }

    /** The rest of the answers from this engine, or from the next where it does not begin. */
    private Flux<LineEvent> begin(Decision.Route route) {
      tried.add(route.engine());
      EngineSlot slot = slot(route.engine());
      List<LineEvent> complete = new ArrayList<>();
      List<Wanted> wanted = new ArrayList<>();
      for (int i = 0; i < told.size(); i++) {
        Told each = told.get(i);
        if (each.ended()) {
          continue;
        }
        TokenIds asked = prompts.of(slot).get(i / request.n());
        Prompt.Begun source =
            each.begun(request.prompts().get(i / request.n()), slot.encoder().equals(encoder));
        if (!(slot.running().encode(source) instanceof Encoding.Encoded(TokenIds encoded))) {
          return elsewhere(route, cannot(route)).startWith(complete);
        }
        Wanted rest = each.goOn(encoded, asked, source, route.maxTokens());
        if (rest == null) {
          complete.add(each.complete(asked));
        } else {
          wanted.add(rest);
        }
      }
      return (wanted.isEmpty() ? Flux.<LineEvent>empty() : rest(route, slot, wanted))
          .startWith(complete);
    }

    private Flux<LineEvent> rest(Decision.Route route, EngineSlot slot, List<Wanted> wanted) {
      return dispatcher
          .submit(request, route, slot, wanted)
          .mapNotNull(this::asOne)
          .switchOnFirst((first, all) ->
              first.get() instanceof LineEvent.Refused refused && refused.refusal().elsewhere()
                  ? elsewhere(route, refused)
                  : follow(all, route)
                      .startWith(new LineEvent.Opened(passage.opening(route, slot))));
    }

    /** What the engine that goes on says, as part of the whole answer; null for what is told. */
    private @Nullable LineEvent asOne(LineEvent event) {
      return switch (event) {
        case LineEvent.Token(int index, TokenEvent.Token token) -> told.get(index).next(token);
        case LineEvent.Ended(int index, TokenEvent.Finished end) -> told.get(index).last(end);
        case LineEvent.Entered entered -> entered;
        case LineEvent.Opened opened -> opened;
        case LineEvent.Refused refused -> refused;
      };
    }
  }
}
