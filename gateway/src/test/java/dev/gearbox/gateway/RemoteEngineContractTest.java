package dev.gearbox.gateway;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineContract;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.remote.RemoteServer;
import dev.gearbox.remote.RemoteSpec;
import dev.gearbox.remote.RemoteText;
import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The contract over HTTP: a worker with real weights behind every engine. */
@Tag("weights")
final class RemoteEngineContractTest extends EngineContract {
  private static final String VARIANT = "smollm2-135m-q4_1";

  private static @Nullable GearboxServer worker;
  private static @Nullable RemoteText text;

  @BeforeAll
  static void startTheWorker() throws Exception {
    Configuration configuration =
        ConfigLoader.load(null, Map.of())
            .only(List.of(VARIANT))
            .worker()
            .listening("127.0.0.1", 0, 0);
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), true);
    CountDownLatch known = new CountDownLatch(1);
    GearboxServer started =
        GearboxServer.start(
            configuration,
            store,
            slot -> {
              if (!slot.coming()) {
                known.countDown();
              }
            });
    worker = started;
    if (!known.await(2, TimeUnit.MINUTES)
        || !started.engines().stream().allMatch(EngineSlot::usable)) {
      throw new AssertionError(
          "weights are needed: run ./gearbox pull smollm2; engines: " + started.engines());
    }
    try (GgufFile file = GgufFile.open(store.pathOf(configuration.catalog().choose(VARIANT)))) {
      PromptCodec codec = PromptCodec.of(file);
      text =
          new RemoteText(
              PromptEncoder.of(codec), codec.chats(), codec.tokenizer().vocabularySize());
    }
  }

  @AfterAll
  static void stopTheWorker() {
    if (worker != null) {
      worker.close();
    }
  }

  @Override
  protected Engine open(int maxSequences, int queueLimit) {
    GearboxServer running = worker;
    if (running == null) {
      throw new IllegalStateException("the worker was not started");
    }
    try {
      return RemoteServer.open(
          new RemoteSpec(
              "far/" + VARIANT,
              "far",
              VARIANT,
              "cpu:worker",
              VARIANT,
              URI.create("http://127.0.0.1:" + running.port()),
              null,
              Dialect.VLLM,
              1024,
              maxSequences,
              queueLimit,
              new RemoteSpec.Patience(
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(60),
                  Duration.ofSeconds(30),
                  Duration.ofSeconds(10),
                  Duration.ofMillis(50)),
              Duration.ZERO,
              null,
              null),
          text,
          step -> {},
          System::nanoTime);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
