package dev.gearbox.gateway.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.config.BatchConfig;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.workshop.settings.DataSize;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BatchesTest {
  private static final Caller ACME = new Caller("acme", "standard", "salt");

  @TempDir private Path folder;
  private final Meters meters = new Meters(10);

  /** Has room and answers nothing. */
  private static final class TestingQueue implements BatchQueue {
    @Override
    public boolean hasRoom() {
      return true;
    }

    @Override
    public Runnable submit(Task task, Consumer<Reply> done) {
      return () -> {};
    }
  }

  @Test
  void theSpeedThatWindowsNeedIsOfTheTightestSumOfThem() throws Exception {
    try (Batches batches =
        new Batches(
            new BatchConfig(folder.toString(), new DataSize(1 << 20), 1000, null),
            new TestingQueue(),
            InstantSource.fixed(Instant.ofEpochSecond(1_000_000)),
            meters.batches())) {
      assertThat(text()).contains("gearbox_batch_required_lines_per_second 0.0");

      begin(batches, 10, "1000s");
      assertThat(text()).contains("gearbox_batch_required_lines_per_second 0.01");
      begin(batches, 10, "100s");
      assertThat(text()).contains("gearbox_batch_required_lines_per_second 0.1\n");
      // Both are due by 1000 s, which needs more than the first alone does by 100 s.
      String late = begin(batches, 480, "1000s");
      assertThat(text()).contains("gearbox_batch_required_lines_per_second 0.5\n");

      batches.cancel(ACME, late);
      assertThat(text())
          .contains("gearbox_batch_required_lines_per_second 0.1\n", "gearbox_batches_running");
    }
  }

  private String text() {
    return meters.exposition().text(meters.exposition().contentType(null));
  }

  /** Begins a batch of so many lines, and waits until they are counted. */
  private static String begin(Batches batches, int lines, String window) throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      text.append(
          "{\"custom_id\":\"c-%d\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{}}\n"
              .formatted(i));
    }
    try (Batches.Upload upload = batches.upload()) {
      upload.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)));
      StoredFile file = batches.add(upload, ACME, "lines.jsonl");
      Result<Batch> made =
          batches.create(ACME, new Batches.Wanted(file.id(), "/v1/completions", window, Map.of()));
      String id = ((Result.Ok<Batch>) made).value().id();
      while (!inProgress(batches, id)) {
        Thread.sleep(5);
      }
      return id;
    }
  }

  private static boolean inProgress(Batches batches, String id) throws Exception {
    Batch batch = batches.batch(ACME, id);
    return batch != null && batch.status() == Batch.Status.IN_PROGRESS;
  }
}
