package dev.gearbox.gateway;

import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.dispatch.EncodedPrompts;
import dev.gearbox.gateway.dispatch.Gearing;
import dev.gearbox.gateway.dispatch.PromptEncoders;
import dev.gearbox.gateway.dispatch.ReadyEngines;
import dev.gearbox.policy.decide.DecisionRecord;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** The line up to the decision, without taking a permit, booking or running anything. */
record Preview(ReadyEngines engines, PromptEncoders encoders, Gearing gearing)
    implements Function<InferenceRequest, Mono<Result<DecisionRecord>>> {

  @Override
  public Mono<Result<DecisionRecord>> apply(InferenceRequest request) {
    return engines
        .find(request)
        .flatMap(found ->
            found.<Mono<Result<EncodedPrompts>>>fold(
                slots -> encoders.encode(request, slots),
                refusal -> Mono.just(Result.refused(refusal))))
        .map(encoded ->
            encoded.<Result<DecisionRecord>>fold(
                prompts -> Result.ok(gearing.preview(request, prompts)), Result::refused));
  }
}
