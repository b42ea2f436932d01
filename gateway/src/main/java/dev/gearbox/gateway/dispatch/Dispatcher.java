package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
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
   * Events of all answers; each answer's in order, to the end or the first refusal. Cancelling
   * stops every sequence.
   */
  public Flux<LineEvent> submit(
      InferenceRequest request, Decision.Route route, EngineSlot slot, List<TokenIds> prompts) {
    Engine engine = slot.running();
    List<GenerationRequest> sequences = sequences(request, route, engine, prompts);
    if (slot.isRecorded()) {
      prefixes.sent(slot.id(), request.caller().cacheSalt(), prompts);
    }
    return Flux.deferContextual(
            context -> {
              Scheduler reader =
                  context.hasKey(READER) ? context.get(READER) : Schedulers.parallel();
              return submit(sequences, engine, reader);
            })
        .doOnNext(event -> {
          if (event instanceof LineEvent.Refused(Refusal refusal)
              && refusal.code().equals(ErrorCode.ENGINE_FAILED.code())) {
            prefixes.lost(slot.id());
          }
        });
  }

  private Flux<LineEvent> submit(
      List<GenerationRequest> sequences, Engine engine, Scheduler reader) {
    List<Flux<LineEvent>> answers = new ArrayList<>(sequences.size());
    for (int i = 0; i < sequences.size(); i++) {
      int index = i;
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

  private static List<GenerationRequest> sequences(
      InferenceRequest request, Decision.Route route, Engine engine, List<TokenIds> prompts) {
    List<GenerationRequest> sequences = new ArrayList<>(request.sequences());
    for (int i = 0; i < prompts.size(); i++) {
      TokenIds prompt = prompts.get(i);
      int room = engine.capabilities().maxContext() - prompt.size();
      for (int answer = 0; answer < request.n(); answer++) {
        int index = sequences.size();
        sequences.add(
            new GenerationRequest(
                    index == 0 ? request.id() : request.id() + "-" + index,
                    prompt,
                    sampling(request.sampling(), answer),
                    Math.min(route.maxTokens(), room),
                    request.stop(),
                    request.ignoreEos(),
                    route.lane(),
                    route.priority(),
                    nanos(route.tpotTarget()),
                    deadline(request),
                    request.caller().cacheSalt(),
                    route.speculate())
                .from(request.prompts().get(i))
                .within(request.traceparent()));
      }
    }
    return sequences;
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

  private static long deadline(InferenceRequest request) {
    Duration end = request.terms().end();
    return end == null ? Long.MAX_VALUE : request.arrivedNanos() + end.toNanos();
  }
}
