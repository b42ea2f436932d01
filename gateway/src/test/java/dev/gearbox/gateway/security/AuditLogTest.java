package dev.gearbox.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AuditLogTest {
  private static final int THREADS = 4;
  private static final int EACH = 20_000;

  @TempDir private Path folder;

  /** BlockHound fails a thread of these that waits, but for a hand-over ({@code BriefLocks}). */
  @RepeatedTest(5)
  void aFloodFromManyThreadsMakesNoneWaitAndWhatItLosesIsCounted() throws IOException {
    Scheduler loops = Schedulers.newParallel("loop", THREADS);
    try (AuditLog log =
        AuditLog.open(folder.resolve("audit.jsonl"), 64 << 20, 1, InstantSource.system())) {
      Flux.range(0, THREADS)
          .flatMap(any -> Mono.fromRunnable(() -> flood(log)).subscribeOn(loops))
          .blockLast();
      log.changed("keys", "file", "done", Map.of());
    } finally {
      loops.dispose();
    }
    long written = 0;
    long lost = 0;
    try (Stream<String> lines = Files.lines(folder.resolve("audit.jsonl"))) {
      for (String line : lines.toList()) {
        JsonNode json = JsonMapper.shared().readTree(line);
        written += json.path("event").asString().equals("refused") ? 1 : 0;
        lost += json.path("lost_before").asLong(0);
      }
    }
    assertThat(written + lost).isEqualTo((long) THREADS * EACH);
    assertThat(written).isPositive();
  }

  private static void flood(AuditLog log) {
    for (int i = 0; i < EACH; i++) {
      log.refused("api", "127.0.0.1", "GET /v1/models", 401, "the API key is not known");
    }
  }
}
