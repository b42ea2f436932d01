package dev.gearbox.policy.fact;

import dev.gearbox.engine.EngineCapabilities.Feature;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What is known of a request when it is decided. No text of the client is in here.
 *
 * @param requestId id of the request
 * @param model family or variant that the client named
 * @param serviceClass its class
 * @param tenant name of the tenant
 * @param targets the request's own over those of its class
 * @param promptTokens prompt length in tokens, by variant; a variant that is missing could not
 *     encode the prompt
 * @param maxTokens the client's limit on the answer, or what the context leaves
 * @param streaming whether the client asked for a stream
 * @param needs features without which the request cannot be answered
 * @param arrivedNanos when it arrived, on the injected monotonic clock
 * @param classFacts how its class stands against its objective, as the policy counted
 * @param heldTokens tokens of the prompt that an engine is known to hold, by engine; of others it
 *     is guessed
 * @param origin how it came
 */
public record RequestFacts(
    String requestId,
    String model,
    ServiceClass serviceClass,
    String tenant,
    Targets targets,
    Map<String, Integer> promptTokens,
    int maxTokens,
    boolean streaming,
    Set<Feature> needs,
    long arrivedNanos,
    ClassFacts classFacts,
    Map<String, Integer> heldTokens,
    Origin origin) {
  public RequestFacts {
    // Records of before have neither.
    heldTokens = Map.copyOf(Objects.requireNonNullElse(heldTokens, Map.of()));
    origin = Objects.requireNonNullElse(origin, Origin.CALL);
    promptTokens = Map.copyOf(promptTokens);
    needs = Set.copyOf(needs);
  }

  /** Of whose prompt nobody knows who holds it. */
  public RequestFacts(
      String requestId,
      String model,
      ServiceClass serviceClass,
      String tenant,
      Targets targets,
      Map<String, Integer> promptTokens,
      int maxTokens,
      boolean streaming,
      Set<Feature> needs,
      long arrivedNanos,
      ClassFacts classFacts) {
    this(
        requestId,
        model,
        serviceClass,
        tenant,
        targets,
        promptTokens,
        maxTokens,
        streaming,
        needs,
        arrivedNanos,
        classFacts,
        Map.of(),
        Origin.CALL);
  }

  /** As the gateway knows it: nothing is said of how the class stands, which the policy counts. */
  public RequestFacts(
      String requestId,
      String model,
      ServiceClass serviceClass,
      String tenant,
      Targets targets,
      Map<String, Integer> promptTokens,
      int maxTokens,
      boolean streaming,
      Set<Feature> needs,
      long arrivedNanos) {
    this(
        requestId,
        model,
        serviceClass,
        tenant,
        targets,
        promptTokens,
        maxTokens,
        streaming,
        needs,
        arrivedNanos,
        ClassFacts.untried(serviceClass));
  }

  /** The same request with what engines are known to hold of its prompt. */
  public RequestFacts holding(Map<String, Integer> tokens) {
    return with(classFacts, tokens, origin);
  }

  /** The same request with its class as it stands. */
  public RequestFacts with(ClassFacts standing) {
    return with(standing, heldTokens, origin);
  }

  /** The same request, come like this. */
  public RequestFacts from(Origin how) {
    return with(classFacts, heldTokens, how);
  }

  private RequestFacts with(ClassFacts standing, Map<String, Integer> held, Origin how) {
    return new RequestFacts(
        requestId,
        model,
        serviceClass,
        tenant,
        targets,
        promptTokens,
        maxTokens,
        streaming,
        needs,
        arrivedNanos,
        standing,
        held,
        how);
  }
}
