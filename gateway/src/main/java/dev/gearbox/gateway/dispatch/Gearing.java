package dev.gearbox.gateway.dispatch;

import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.signal.Signals;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Puts the question to the policy: facts of the request, and one snapshot of the signals. */
public final class Gearing {
  private final GearboxPolicy policy;
  private final Supplier<Signals> signals;
  private final ModelCatalog catalog;
  private final PrefixRecord prefixes;

  /**
   * Asks {@code policy}.
   *
   * @param prefixes what engines elsewhere hold
   */
  public Gearing(
      GearboxPolicy policy,
      Supplier<Signals> signals,
      ModelCatalog catalog,
      PrefixRecord prefixes) {
    this.prefixes = prefixes;
    this.policy = policy;
    this.signals = signals;
    this.catalog = catalog;
  }

  public Decision decide(InferenceRequest request, EncodedPrompts prompts) {
    return policy.decide(facts(request, prompts), signals.get());
  }

  /** An engine has the request, so that signals count it from here on. */
  public void submitted(InferenceRequest request) {
    policy.submitted(request.id());
  }

  /** The record that deciding would make, without booking or keeping anything. */
  public DecisionRecord preview(InferenceRequest request, EncodedPrompts prompts) {
    return policy.preview(facts(request, prompts), signals.get());
  }

  /** Candidates that would be allowed at this moment and can take requests, best first. */
  public List<CandidateRow> allowed(InferenceRequest request, EncodedPrompts prompts) {
    return preview(request, prompts).candidates().stream()
        .filter(row -> row.excluded() == null && usable(prompts, row.facts().engine()))
        .toList();
  }

  private static boolean usable(EncodedPrompts prompts, String engine) {
    EngineSlot slot = prompts.candidate(engine);
    return slot != null && slot.usable();
  }

  /** The same decision on its next best engine; empty when there is none that can take it. */
  public Optional<Decision.Route> next(Decision.Route route, EncodedPrompts prompts) {
    List<String> left = route.alternatives();
    for (int i = 0; i < left.size(); i++) {
      EngineSlot slot = prompts.candidate(left.get(i));
      if (slot != null && slot.usable()) {
        return Optional.of(onto(slot, route, left.subList(i + 1, left.size())));
      }
    }
    return Optional.empty();
  }

  /** The same decision on another engine. */
  public Decision.Route onto(EngineSlot slot, Decision.Route route, List<String> alternatives) {
    return new Decision.Route(
        route.id(),
        slot.id(),
        slot.variant().name(),
        slot.pool(),
        route.lane(),
        route.priority(),
        route.maxTokens(),
        route.tpotTarget(),
        route.speculate(),
        slot.variant().quality(),
        route.predicted(),
        alternatives);
  }

  /** What the policy may know of a request. */
  public RequestFacts facts(InferenceRequest request, EncodedPrompts prompts) {
    ModelFamily family = catalog.find(request.model());
    Integer asked = request.maxTokens();
    return new RequestFacts(
            request.id(),
            family == null ? request.model() : family.name(),
            request.terms().serviceClass(),
            request.caller().tenant(),
            request.terms().targets(),
            prompts.counts(),
            asked != null ? asked : prompts.room(),
            request.streaming(),
            request.needs().keySet(),
            request.arrivedNanos())
        .holding(held(request, prompts))
        .from(request.origin());
  }

  private Map<String, Integer> held(InferenceRequest request, EncodedPrompts prompts) {
    Map<String, Integer> held = new HashMap<>();
    for (EngineSlot slot : prompts.candidates()) {
      if (slot.isRecorded()) {
        held.put(
            slot.id(), prefixes.held(slot.id(), request.caller().cacheSalt(), prompts.of(slot)));
      }
    }
    return held;
  }
}
