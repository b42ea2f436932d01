package dev.gearbox.gateway.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.batch.Batch.Status;
import dev.gearbox.telemetry.meter.BatchMeters;
import dev.gearbox.telemetry.meter.Meters;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BatchRunTest {
  private static final long CREATED = 1_000_000;

  @TempDir private Path folder;
  private final BatchMeters meters = new Meters(10).batches();
  private final List<Batch> saved = new ArrayList<>();
  private Batch batch =
      new Batch(
          "batch_b",
          new Caller("acme", "standard", "salt"),
          "/v1/chat/completions",
          "in",
          "out",
          "err",
          "24h",
          Map.of(),
          Status.VALIDATING,
          Map.of("created", CREATED),
          CREATED + 86_400,
          new Batch.Counts(0, 0, 0),
          List.of());

  /** Answers at once, or never. */
  private record TestingQueue(boolean answers) implements BatchQueue {
    @Override
    public boolean hasRoom() {
      return true;
    }

    @Override
    public Runnable submit(Task task, Consumer<Reply> done) {
      if (answers) {
        done.accept(new Reply(200, task.id(), "{\"answer\":1}", null));
      }
      return () -> {};
    }
  }

  @BeforeEach
  void threeRequests() throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      lines.add(
          "{\"custom_id\":\"c-%d\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{}}"
              .formatted(i));
    }
    Files.write(folder.resolve("in"), lines);
  }

  /** Runs it at a time of day; what it keeps is lost from the status {@code crash} on. */
  private void run(boolean answers, long seconds, Status crash) throws Exception {
    new BatchRun(
            batch,
            folder,
            Vault.PLAIN,
            new TestingQueue(answers),
            new BatchRun.Limits(100, 1000, null),
            InstantSource.fixed(Instant.ofEpochSecond(seconds)),
            meters,
            newest -> {
              if (newest.status() == crash) {
                throw new UncheckedIOException(new java.io.IOException("power cut"));
              }
              batch = newest;
              saved.add(newest);
            })
        .run();
  }

  private List<String> lines(String file) throws Exception {
    return Files.readAllLines(folder.resolve(file));
  }

  @Test
  void whatExpiresBeforeACrashIsStillExpiredAfterIt() throws Exception {
    long late = batch.expiresAt();
    assertThatThrownBy(() -> run(true, late, Status.EXPIRED))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(batch.status()).isEqualTo(Status.IN_PROGRESS);
    assertThat(lines("err")).hasSize(3).allMatch(line -> line.contains("batch_expired"));

    run(true, late + 10, Status.FAILED);

    assertThat(batch.status()).isEqualTo(Status.EXPIRED);
    assertThat(batch.counts()).isEqualTo(new Batch.Counts(3, 0, 3));
    assertThat(lines("err")).hasSize(3);
  }

  @Test
  void whatIsAnsweredBeforeACrashIsAnsweredOnce() throws Exception {
    assertThatThrownBy(() -> run(true, CREATED + 1, Status.COMPLETED))
        .isInstanceOf(UncheckedIOException.class);
    // The crash tore the last line.
    Path out = folder.resolve("out");
    String text = Files.readString(out);
    Files.writeString(out, text.substring(0, text.length() - 5));

    run(true, batch.expiresAt() - 1, Status.FAILED);

    assertThat(batch.status()).isEqualTo(Status.COMPLETED);
    assertThat(batch.counts()).isEqualTo(new Batch.Counts(3, 3, 0));
    assertThat(lines("out")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      String name = "\"custom_id\":\"c-" + i + "\"";
      assertThat(lines("out")).filteredOn(line -> line.contains(name)).hasSize(1);
    }
  }

  @Test
  void aBatchWhoseLinesAreAllAnsweredIsCompleteHoweverLateItIsLookedAt() throws Exception {
    assertThatThrownBy(() -> run(true, CREATED + 1, Status.COMPLETED))
        .isInstanceOf(UncheckedIOException.class);

    run(false, batch.expiresAt() + 10, Status.FAILED);

    assertThat(batch.status()).isEqualTo(Status.COMPLETED);
    assertThat(saved.getLast().times()).doesNotContainKey("expired");
  }

  @Test
  void whatTheDiskRefusedIsDoneWhenItIsRunAgain() throws Exception {
    var answers = new AtomicBoolean();
    var millis = new AtomicLong(CREATED * 1000);
    var queue =
        new BatchQueue() {
          @Override
          public boolean hasRoom() {
            return true;
          }

          @Override
          public Runnable submit(Task task, Consumer<Reply> done) {
            var refused = new Reply(503, task.id(), "{}", Refusal.of(ErrorCode.OVERLOADED, "left"));
            return answers.get()
                ? new TestingQueue(true).submit(task, done)
                : () -> done.accept(refused);
          }
        };
    var run =
        new BatchRun(
            batch,
            folder,
            Vault.PLAIN,
            queue,
            new BatchRun.Limits(100, 1000, null),
            () -> Instant.ofEpochMilli(millis.addAndGet(100)),
            meters,
            newest -> {
              if (newest.status() == Status.IN_PROGRESS && !saved.isEmpty() && !answers.get()) {
                throw new UncheckedIOException(new java.io.IOException("no space left"));
              }
              saved.add(newest);
            });
    assertThatThrownBy(run::run).isInstanceOf(UncheckedIOException.class);

    answers.set(true);
    run.run();

    assertThat(run.batch().status()).isEqualTo(Status.COMPLETED);
    assertThat(run.batch().counts()).isEqualTo(new Batch.Counts(3, 3, 0));
  }
}
