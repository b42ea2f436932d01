package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Finds the engines that may answer a request, and waits while their weights are coming. */
public final class ReadyEngines {
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final EngineRegistry registry;
  private final Duration patience;
  private final Duration streamPatience;

  /**
   * Waits within bounds.
   *
   * @param patience how long an answer that is not streamed waits for weights at most
   * @param streamPatience how long a stream does, which shows its client that it lives
   */
  public ReadyEngines(EngineRegistry registry, Duration patience, Duration streamPatience) {
    this.registry = registry;
    this.patience = patience;
    this.streamPatience = streamPatience;
  }

  /** Usable engines that can do what the request needs, or why there are none. */
  public Mono<Result<List<EngineSlot>>> find(InferenceRequest request) {
    ModelFamily family = registry.catalog().find(request.model());
    if (family == null) {
      return Mono.just(Result.refused(Refusal.unknownModel(request.model())));
    }
    Optional<Result<List<EngineSlot>>> now = choose(request, family, registry.slots());
    if (now.isPresent()) {
      return Mono.just(now.get());
    }
    return registry
        .changes()
        .publishOn(Schedulers.parallel(), 1)
        .mapNotNull(slots -> choose(request, family, slots).orElse(null))
        .next()
        .timeout(wait(request), Mono.fromSupplier(() -> Result.refused(loading(family))));
  }

  /** Empty while the answer is not known, because weights are coming. */
  private static Optional<Result<List<EngineSlot>>> choose(
      InferenceRequest request, ModelFamily family, List<EngineSlot> slots) {
    List<EngineSlot> mine =
        slots.stream().filter(slot -> family.variants().contains(slot.variant().name())).toList();
    List<EngineSlot> usable = mine.stream().filter(EngineSlot::usable).toList();
    if (usable.isEmpty()) {
      return mine.stream().anyMatch(EngineSlot::coming)
          ? Optional.empty()
          : Optional.of(Result.refused(none(family, mine)));
    }
    List<EngineSlot> able =
        usable.stream().filter(slot -> can(slot, request.needs().keySet())).toList();
    return Optional.of(able.isEmpty() ? Result.refused(unable(request, usable)) : Result.ok(able));
  }

  private static boolean can(EngineSlot slot, Set<Feature> needs) {
    return slot.running().capabilities().features().containsAll(needs);
  }

  private static Refusal unable(InferenceRequest request, List<EngineSlot> usable) {
    // Named is what no engine can do; else it is the mix, and any of the parameters is at fault.
    Feature missing =
        request.needs().keySet().stream()
            .filter(feature -> usable.stream().noneMatch(slot -> can(slot, Set.of(feature))))
            .findFirst()
            .orElseGet(() -> request.needs().keySet().iterator().next());
    String param = request.needs().get(missing);
    return Refusal.invalid(param, "no engine of this model supports " + param);
  }

  private static Refusal none(ModelFamily family, List<EngineSlot> slots) {
    boolean draining = slots.stream().anyMatch(slot -> slot.engine() != null);
    String message = "no engine of model " + family.name() + " is running";
    return draining
        ? Refusal.later(ErrorCode.NO_ENGINE, message, RETRY)
        : Refusal.of(ErrorCode.NO_ENGINE, message);
  }

  private static Refusal loading(ModelFamily family) {
    return Refusal.later(
        ErrorCode.NO_ENGINE, "the weights of model " + family.name() + " are still loading", RETRY);
  }

  private Duration wait(InferenceRequest request) {
    Duration most = request.streaming() ? streamPatience : patience;
    Duration asked =
        request.streaming() ? request.terms().patience() : request.terms().targets().deadline();
    // A stream shows that it lives, so the client's patience for a byte does not bound it.
    return asked == null || request.streaming() || asked.compareTo(most) > 0 ? most : asked;
  }
}
