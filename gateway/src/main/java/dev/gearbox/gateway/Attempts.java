package dev.gearbox.gateway;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.dispatch.Care;
import dev.gearbox.gateway.dispatch.Dispatcher;
import dev.gearbox.gateway.dispatch.EncodedPrompts;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.Gearing;
import dev.gearbox.gateway.dispatch.RetryBudget;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.policy.decide.Decision;
import java.time.Duration;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Runs a decided request: on the chosen engine, and where that fails or hesitates before its first
 * token, on the next best of the same decision, within a budget. A client sees one answer or one
 * refusal.
 *
 * @param rescues what may be done for answers that have begun
 * @param cares what is done for slow requests, by class
 */
record Attempts(
    Gearing gearing,
    Dispatcher dispatcher,
    RetryBudget budget,
    Rescues rescues,
    Map<String, Care> cares) {
  private static final Refusal GONE =
      Refusal.later(ErrorCode.NO_ENGINE, "the engine has just gone", Duration.ofSeconds(1));

  Attempts {
    cares = Map.copyOf(cares);
  }

  Flux<LineEvent> run(Passage passage, Decision.Route route, EncodedPrompts prompts) {
    budget.sent();
    return on(passage, route, prompts);
  }

  private Flux<LineEvent> on(Passage passage, Decision.Route route, EncodedPrompts prompts) {
    EngineSlot slot = prompts.candidate(route.engine());
    if (slot == null || !slot.usable()) {
      // It was not asked, so asking another is no second try.
      return gearing
          .next(route, prompts)
          .map(next -> on(passage, next, prompts))
          .orElseGet(() -> Flux.just(new LineEvent.Refused(GONE)));
    }
    Flux<LineEvent> answer =
        submitted(passage, route, slot, prompts)
            .switchOnFirst((first, all) ->
                first.get() instanceof LineEvent.Refused(Refusal refusal) && refusal.elsewhere()
                    ? elsewhere(passage, route, prompts, all)
                    : kept(passage, route, prompts, all));
    Duration hedge = care(passage).hedge();
    return (hedge == null
            ? answer
            : Flux.firstWithSignal(answer, hedge(passage, route, prompts, hedge)))
        .startWith(new LineEvent.Opened(passage.opening(route, slot)));
  }

  private Care care(Passage passage) {
    return cares.getOrDefault(passage.request().terms().serviceClass().name(), Care.NONE);
  }

  private Flux<LineEvent> kept(
      Passage passage, Decision.Route route, EncodedPrompts prompts, Flux<LineEvent> answer) {
    return rescues.kept(care(passage).rescue(), passage, route, prompts, answer);
  }

  private Flux<LineEvent> submitted(
      Passage passage, Decision.Route route, EngineSlot slot, EncodedPrompts prompts) {
    Flux<LineEvent> answer = dispatcher.submitAll(passage.request(), route, slot, prompts.of(slot));
    return Flux.from(subscriber -> {
      answer.subscribe(subscriber);
      gearing.submitted(passage.request());
    });
  }

  /** Nothing was answered yet, so the next best engine may, without the client noticing. */
  private Flux<LineEvent> elsewhere(
      Passage passage, Decision.Route route, EncodedPrompts prompts, Flux<LineEvent> otherwise) {
    return gearing
        .next(route, prompts)
        .filter(next -> budget.tryAgain())
        .map(next -> on(passage, next, prompts))
        .orElse(otherwise);
  }

  /** The next best engine's answer after a while; nothing, ever, where it has none. */
  private Flux<LineEvent> hedge(
      Passage passage, Decision.Route route, EncodedPrompts prompts, Duration after) {
    return Mono.delay(after)
        .flatMapMany(tick ->
            gearing
                .next(route, prompts)
                .filter(next -> budget.tryAgain())
                .map(next -> second(passage, next, prompts))
                .orElse(Flux.never()));
  }

  private Flux<LineEvent> second(Passage passage, Decision.Route route, EncodedPrompts prompts) {
    EngineSlot slot = prompts.candidate(route.engine());
    if (slot == null) {
      return Flux.never();
    }
    return submitted(passage, route, slot, prompts)
        .switchOnFirst((first, all) ->
            first.get() instanceof LineEvent.Refused
                ? Flux.never()
                : kept(passage, route, prompts, all)
                    .startWith(new LineEvent.Opened(passage.opening(route, slot))));
  }
}
