package dev.gearbox.gateway;

import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.dispatch.EncodedPrompts;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.Gearing;
import dev.gearbox.gateway.dispatch.PromptEncoders;
import dev.gearbox.gateway.dispatch.ReadyEngines;
import dev.gearbox.gateway.quality.QualityAudit;
import dev.gearbox.gateway.stream.Line;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.policy.decide.Decision;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** The line: may it enter, which engines are there, what are its tokens, which gear, run it. */
record RequestPipeline(
    Function<InferenceRequest, Passage> admission,
    ReadyEngines engines,
    PromptEncoders encoders,
    Gearing gearing,
    Attempts attempts,
    @Nullable QualityAudit audit)
    implements Line {
  @Override
  public Flux<LineEvent> run(InferenceRequest request) {
    return Flux.using(
        () -> admission.apply(request),
        passage -> passage.counted(enter(passage)).doOnNext(passage::saw),
        Passage::close);
  }

  private Flux<LineEvent> enter(Passage passage) {
    return passage
        .admitted()
        .flatMapMany(in -> in.fold(admitted -> find(passage), RequestPipeline::end));
  }

  private Flux<LineEvent> find(Passage passage) {
    return engines
        .find(passage.request())
        .doOnNext(found -> passage.moving())
        .flatMapMany(found -> found.fold(slots -> encode(passage, slots), RequestPipeline::end));
  }

  private Flux<LineEvent> encode(Passage passage, List<EngineSlot> slots) {
    return encoders
        .encode(passage.request(), slots)
        .flatMapMany(
            encoded -> encoded.fold(prompts -> decide(passage, prompts), RequestPipeline::end));
  }

  private Flux<LineEvent> decide(Passage passage, EncodedPrompts prompts) {
    Decision decision = gearing.decide(passage.request(), prompts);
    passage.decided(decision);
    return switch (decision) {
      case Decision.Route route -> answer(passage, route, prompts);
      case Decision.Refuse refuse -> end(Refusal.of(refuse));
    };
  }

  private Flux<LineEvent> answer(Passage passage, Decision.Route route, EncodedPrompts prompts) {
    Flux<LineEvent> answer = attempts.run(passage, route, prompts);
    return audit == null ? answer : audit.watch(passage.request(), route.variant(), answer);
  }

  private static Flux<LineEvent> end(Refusal refusal) {
    return Flux.just(new LineEvent.Refused(refusal));
  }
}
