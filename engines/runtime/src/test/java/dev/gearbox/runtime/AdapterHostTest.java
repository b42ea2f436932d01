package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters as engines that share the batch of their base. */
final class AdapterHostTest {
  private static final int LORAS = 3;
  private static final int RANK = 16;

  private final Device device = new Device("dev", System::nanoTime, new RecordingSink());
  private final TestingModelRunner runner = new TestingModelRunner(32, 0);
  private final AdapterHost host = open("base", runner);
  private int ids;

  @AfterEach
  void close() {
    device.close();
  }

  private AdapterHost open(String name, ModelRunner model) {
    EngineSpec spec =
        new EngineSpec(
            "pool/" + name, "pool", name, "f", Set.of(), 8, 4096, 100, 32, 64, 8, LORAS, RANK);
    AdapterHost engine = device.open(spec, model, new TestingPromptEncoder());
    long giveUp = System.nanoTime() + 30_000_000_000L;
    while (engine.signal().state() != State.READY && System.nanoTime() - giveUp < 0) {
      Thread.onSpinWait();
    }
    return engine;
  }

  /** The number stands in for what the adapter's weights would do. */
  private Engine attach(String name, int number) {
    return host.attach(
        new AdapterSpec("pool/base+" + name, name, "f+" + name, 1),
        new LoraAdapter("toy", number, Map.of()));
  }

  private GenerationRequest request(int tokens) {
    int[] prompt = new int[50];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = 1 + i * 13 % 100;
    }
    return GenerationRequest.greedy("r" + ids++, TokenIds.of(prompt), tokens);
  }

  private static List<Integer> answer(Engine engine, GenerationRequest request) {
    return TestingSubscriber.to(engine.submit(request)).await().tokens();
  }

  @Test
  void batchMixesAdaptersAndEachAnswersAsItDoesAlone() {
    List<Engine> engines = List.of(host, attach("one", 1), attach("two", 2));
    List<List<Integer>> alone = new ArrayList<>();
    engines.forEach(engine -> alone.add(answer(engine, request(20))));
    assertThat(alone).doesNotHaveDuplicates();
    List<TestingSubscriber> together = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      together.add(TestingSubscriber.to(engines.get(i % 3).submit(request(20))));
    }
    for (int i = 0; i < 6; i++) {
      assertThat(together.get(i).await().tokens()).isEqualTo(alone.get(i % 3));
    }
  }

  @Test
  void prefixesAreSharedWithinAnAdapterOnly() {
    Engine one = attach("one", 1);
    assertThat(cached(host)).isZero();
    assertThat(cached(one)).isZero();
    assertThat(cached(one)).isEqualTo(48);
    assertThat(cached(host)).isEqualTo(48);
    one.drain();
    Engine again = attach("one", 2);
    assertThat(cached(again)).as("blocks that another adapter of that name filled").isZero();
  }

  private int cached(Engine engine) {
    return TestingSubscriber.to(engine.submit(request(3))).finished().tokens().cached();
  }

  @Test
  void adapterCountsItsOwnRequestsAndTheBaseCountsAll() {
    Engine one = attach("one", 1);
    Semaphore gate = runner.gate();
    List<TestingSubscriber> running =
        List.of(
            TestingSubscriber.to(one.submit(request(5))),
            TestingSubscriber.to(host.submit(request(5))));
    gate.release(2);
    await(() -> one.signal().running() == 1 && host.signal().running() == 2);
    assertThat(one.signal().engine()).isEqualTo("pool/base+one");
    assertThat(one.signal().variant()).isEqualTo("one");
    assertThat(one.capabilities().variant()).isEqualTo("one");
    assertThat(host.signal().maxLoras()).isEqualTo(LORAS);
    gate.release(1000);
    running.forEach(TestingSubscriber::finished);
    assertThat(one.signal().running() + one.signal().waiting()).isZero();
  }

  @Test
  void unloadedAdapterEndsWhatRunsAndTakesNothingMore() {
    Engine one = attach("one", 1);
    Semaphore gate = runner.gate();
    TestingSubscriber running = TestingSubscriber.to(one.submit(request(5)));
    gate.release(1);
    await(() -> one.signal().running() == 1);
    one.drain();
    assertThat(one.signal().state()).isEqualTo(State.DRAINING);
    assertThat(TestingSubscriber.to(one.submit(request(5))).failed().code())
        .isEqualTo(FailureCode.OVERLOADED);
    gate.release(1000);
    assertThat(running.await().tokens()).hasSize(5);
    assertThat(answer(host, request(5))).hasSize(5);
  }

  @Test
  void placesAreBoundedUntilTheLastRequestOfAnUnloadedAdapterEnds() {
    Engine one = attach("one", 1);
    attach("two", 2);
    attach("three", 3);
    assertThatThrownBy(() -> attach("four", 4)).hasMessageContaining("max-loras is 3");
    Semaphore gate = runner.gate();
    TestingSubscriber running = TestingSubscriber.to(one.submit(request(5)));
    gate.release(1);
    await(() -> one.signal().running() == 1);
    one.drain();
    assertThatThrownBy(() -> attach("four", 4)).hasMessageContaining("max-loras is 3");
    gate.release(1000);
    running.finished();
    assertThat(answer(attach("four", 4), request(5))).hasSize(5);
  }

  @Test
  void rankIsBounded(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("lora.gguf");
    new GgufWriter()
        .put("general.type", GgufValue.of("adapter"))
        .put("general.architecture", GgufValue.of("toy"))
        .put("adapter.type", GgufValue.of("lora"))
        .put("adapter.lora.alpha", GgufValue.of(1f))
        .tensor("x.lora_a", new long[] {2, RANK + 1}, new float[2 * RANK + 2])
        .tensor("x.lora_b", new long[] {RANK + 1, 2}, new float[2 * RANK + 2])
        .write(path);
    try (GgufFile file = GgufFile.open(path)) {
      LoraAdapter adapter = LoraAdapter.of(file);
      assertThatThrownBy(() -> host.attach(new AdapterSpec("e", "v", "f", 1), adapter))
          .hasMessageContaining("rank 17 and max-lora-rank is 16");
    }
  }

  @Test
  void requestWithAnAdapterOfAnotherEngineIsRefused() {
    AdapterHost other = open("other", new TestingModelRunner(32, 0));
    assertThatThrownBy(() -> other.submit(request(5).with(() -> "made up")))
        .hasMessageContaining("not one of engine pool/other");
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(Condition condition) {
    long giveUp = System.nanoTime() + 30_000_000_000L;
    while (!condition.holds() && System.nanoTime() - giveUp < 0) {
      Thread.onSpinWait();
    }
    assertThat(condition.holds()).isTrue();
  }
}
