package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.dispatch.Discovery;
import dev.gearbox.gateway.dispatch.EngineOpener;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.LoraAdapters;
import dev.gearbox.gateway.dispatch.ModelCatalog;
import dev.gearbox.gateway.dispatch.ModelFamily;
import dev.gearbox.gateway.dispatch.ModelLoader;
import dev.gearbox.gateway.dispatch.VariantInfo;
import dev.gearbox.telemetry.signal.SignalStore;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DiscoveryTest {
  private final SignalStore signals = new SignalStore(System::nanoTime, Runnable::run);
  private final EngineRegistry registry =
      new EngineRegistry(
          new ModelCatalog(List.of(new ModelFamily("auto", List.of("v")))),
          signals,
          System::nanoTime,
          slots -> {});
  private final Map<String, TestingEngine> engines = new ConcurrentHashMap<>();
  private final ModelLoader loader =
      new ModelLoader(
          registry,
          (slot, all) -> {
            TestingEngine engine = new TestingEngine(slot.id(), "v", Duration.ofMillis(2));
            engines.put(slot.id(), engine);
            return new EngineOpener.Opened(engine, "encoder");
          },
          new LoraAdapters(registry, List.of(), (base, file) -> null));
  private final List<String> forgotten = new ArrayList<>();
  private Set<String> addresses = Set.of();
  private final Discovery discovery =
      new Discovery(
          List.of(
              new Discovery.Group(
                  "workers",
                  this::resolve,
                  (endpoint, number) ->
                      List.of(
                          new Discovery.Member(
                              "pool/v#" + number,
                              "pool",
                              new VariantInfo("v", Set.of(), 1.0, 1000),
                              "cpu:" + endpoint.getAuthority(),
                              () -> forgotten.add("pool/v#" + number))))),
          registry,
          loader);

  private Set<URI> resolve() throws UnknownHostException {
    if (addresses.isEmpty()) {
      throw new UnknownHostException("workers");
    }
    return addresses.stream()
        .map(address -> URI.create("http://" + address + ":8081"))
        .collect(Collectors.toSet());
  }

  @AfterEach
  void stop() {
    discovery.close();
    loader.close();
    registry.close();
  }

  @Test
  void enginesJoinAndLeaveWithTheAddressesBehindTheirName() throws Exception {
    addresses = Set.of("10.0.0.1");
    discovery.look();
    await(() -> usable().equals(Set.of("pool/v#1")));
    assertThat(registry.slots().getFirst().device()).isEqualTo("cpu:10.0.0.1:8081");

    addresses = Set.of("10.0.0.1", "10.0.0.2");
    discovery.look();
    await(() -> usable().equals(Set.of("pool/v#1", "pool/v#2")));

    addresses = Set.of("10.0.0.2");
    discovery.look();
    assertThat(usable()).isEqualTo(Set.of("pool/v#2"));
    assertThat(forgotten).containsExactly("pool/v#1");

    addresses = Set.of("10.0.0.1", "10.0.0.2");
    discovery.look();
    await(() -> usable().equals(Set.of("pool/v#2", "pool/v#3")));
  }

  @Test
  void aNameThatCannotBeLookedUpChangesNothing() throws Exception {
    addresses = Set.of("10.0.0.1");
    discovery.look();
    await(() -> usable().equals(Set.of("pool/v#1")));
    addresses = Set.of();
    discovery.look();
    assertThat(usable()).isEqualTo(Set.of("pool/v#1"));
  }

  @Test
  void whatAnEngineHasWhenItLeavesGoesOnToItsEnd() throws Exception {
    addresses = Set.of("10.0.0.1", "10.0.0.2");
    discovery.look();
    await(() -> usable().size() == 2);
    TestingEngine leaving = Objects.requireNonNull(engines.get("pool/v#1"));
    TestingSubscriber answer =
        TestingSubscriber.to(leaving.submit(GenerationRequest.greedy("r", TokenIds.of(1), 100)));
    answer.awaitEvents(1);
    addresses = Set.of(registry.slots().getLast().device().substring(4).split(":", 2)[0]);
    discovery.look();
    discovery.look();
    assertThat(answer.finished().tokens().generated()).isEqualTo(100);
  }

  private Set<String> usable() {
    return registry.slots().stream()
        .filter(EngineSlot::usable)
        .map(EngineSlot::id)
        .collect(Collectors.toSet());
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come true");
      }
      Thread.sleep(5);
    }
  }
}
