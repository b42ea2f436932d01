package dev.gearbox.remote;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.telemetry.record.StepRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** An engine on a scripted server, impatient. */
final class TestingRemote implements AutoCloseable {
  static final RemoteSpec.Patience IMPATIENT =
      new RemoteSpec.Patience(
          Duration.ofSeconds(20),
          Duration.ofSeconds(2),
          Duration.ofMillis(400),
          Duration.ofMillis(300),
          Duration.ofMillis(50));

  final TestingHttpServer server;
  final RemoteEngine engine;
  final List<StepRecord> steps = new CopyOnWriteArrayList<>();

  TestingRemote(Dialect dialect, @Nullable RemoteText text, TestingHttpServer.Script script)
      throws IOException {
    server = new TestingHttpServer(script);
    RemoteSpec spec =
        new RemoteSpec(
            "pool/test",
            "pool",
            "test",
            "gpu:test",
            TestingHttpServer.MODEL,
            server.uri(),
            null,
            dialect,
            0,
            4,
            8,
            IMPATIENT,
            Duration.ofMillis(500),
            "a-key",
            null);
    engine = RemoteServer.open(spec, text, steps::add, System::nanoTime);
  }

  static TestingRemote vllm(TestingHttpServer.Script script) throws IOException {
    return new TestingRemote(Dialect.VLLM, TestingText.TEXT, script);
  }

  static GenerationRequest request(int maxTokens) {
    return GenerationRequest.greedy("r", TokenIds.of(65, 66, 67, 68), maxTokens)
        .from(new Prompt.Text("ABCD"));
  }

  static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come true");
      }
      Thread.sleep(5);
    }
  }

  @Override
  public void close() throws IOException {
    engine.close();
    server.close();
  }
}
