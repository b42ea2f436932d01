package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.policy.decide.Decision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Submits a decided request: one sequence for each answer to each prompt. */
public final class Dispatcher {
  /** Events of one sequence that may wait for a slow reader. */
  private static final int PREFETCH = 16;

  /** In a subscriber's context: where it reads, if not on the parallel scheduler. */
  public static final Class<Scheduler> READER = Scheduler.class;

  private final Watchdog watchdog;
  private final PrefixRecord prefixes;

  /**
   * Submits, and gives up on what says nothing.
   *
   * @param prefixes told what engines elsewhere hold from here on
   */
  public Dispatcher(Watchdog watchdog, PrefixRecord prefixes) {
    this.watchdog = watchdog;
    this.prefixes = prefixes;
  }

  /**
   * One answer that is wanted.
   *
   * @param index of the answer among those of the request
   * @param prompt in the tokens of the engine
   * @param source what that was before
   * @param maxTokens of the answer, as far as the context leaves them
   */
  public record Wanted(int index, TokenIds prompt, Prompt source, int maxTokens) {}

  /** All answers to a request; see {@link #submit}. */
  public Flux<LineEvent> submitAll(
      InferenceRequest request, Decision.Route route, EngineSlot slot, List<TokenIds> prompts) {
    List<Wanted> wanted = new ArrayList<>(request.sequences());
    for (int i = 0; i < request.sequences(); i++) {
      int prompt = i / request.n();
      wanted.add(
          new Wanted(i, prompts.get(prompt), request.prompts().get(prompt), route.maxTokens()));
    }
    return submit(request, route, slot, wanted);
  }

  /**
   * Events of these answers; each answer's in order, to the end or the first refusal. Cancelling
   * stops every sequence.
   */
  public Flux<LineEvent> submit(
      InferenceRequest request, Decision.Route route, EngineSlot slot, List<Wanted> wanted) {
    Engine engine = slot.running();
    List<GenerationRequest> sequences =
        wanted.stream().map(each -> sequence(request, route, engine, each)).toList();
    if (slot.isRecorded()) {
      prefixes.sent(
          slot.id(),
          request.caller().cacheSalt(),
          wanted.stream().map(Wanted::prompt).distinct().toList());
    }
    return Flux.deferContextual(
            context -> {
              Scheduler reader =
                  context.hasKey(READER) ? context.get(READER) : Schedulers.parallel();
              return submit(wanted, sequences, engine, reader);
            })
        .doOnNext(event -> {
          if (event instanceof LineEvent.Refused(Refusal refusal)
              && refusal.code().equals(ErrorCode.ENGINE_FAILED.code())) {
            prefixes.lost(slot.id());
          }
        });
  }

  private Flux<LineEvent> submit(
      List<Wanted> wanted, List<GenerationRequest> sequences, Engine engine, Scheduler reader) {
    List<Flux<LineEvent>> answers = new ArrayList<>(sequences.size());
    for (int i = 0; i < sequences.size(); i++) {
      int index = wanted.get(i).index();
      answers.add(
          JdkFlowAdapter.flowPublisherToFlux(engine.submit(sequences.get(i)))
              // Off the device's thread, which must not wait for whatever readers do.
              .publishOn(reader, PREFETCH)
              .map(event -> lineEvent(index, event)));
    }
    return watchdog
        .guard(
            answers.size() == 1
                ? answers.getFirst()
                : Flux.fromIterable(answers).flatMap(answer -> answer, answers.size(), PREFETCH))
        .takeUntil(LineEvent.Refused.class::isInstance);
  }

  private static LineEvent lineEvent(int index, TokenEvent event) {
    return switch (event) {
      case TokenEvent.Token token -> new LineEvent.Token(index, token);
      case TokenEvent.Finished end -> new LineEvent.Ended(index, end);
      case TokenEvent.Failed failed -> new LineEvent.Refused(Refusal.of(failed));
    };
  }

  private static GenerationRequest sequence(
      InferenceRequest request, Decision.Route route, Engine engine, Wanted wanted) {
    int index = wanted.index();
    int room = engine.capabilities().maxContext() - wanted.prompt().size();
    return new GenerationRequest(
            index == 0 ? request.id() : request.id() + "-" + index,
            wanted.prompt(),
            sampling(request.sampling(), index % request.n()),
            Math.min(wanted.maxTokens(), room),
            request.stop(),
            request.ignoreEos(),
            route.lane(),
            route.priority(),
            nanos(route.tpotTarget()),
            request.deadlineNanos(),
            request.caller().cacheSalt(),
            route.speculate())
        .from(wanted.source())
        .within(request.traceparent());
  }

  /** Equal seeds would make the answers to one prompt equal. */
  private static SamplingSpec sampling(SamplingSpec asked, int answer) {
    Long seed = asked.seed();
    return seed == null || answer == 0
        ? asked
        : new SamplingSpec(
            asked.temperature(),
            asked.topK(),
            asked.topP(),
            asked.minP(),
            asked.presencePenalty(),
            asked.frequencyPenalty(),
            asked.repetitionPenalty(),
            asked.logitBias(),
            seed + answer,
            asked.topLogprobs());
  }

  private static long nanos(@Nullable Duration target) {
    return target == null ? 0 : target.toNanos();
  }
}
