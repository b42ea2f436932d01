package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.batch.Batch.Problem;
import dev.gearbox.telemetry.meter.BatchMeters;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What became of the lines of one batch: a file of answers and one of what failed. They say it
 * after a crash too, so nothing of it is kept elsewhere. Not thread-safe.
 */
final class Outcomes implements Closeable {
  private final String key;
  private final Answers good;
  private final Answers bad;
  private final BatchMeters meters;

  private Outcomes(String key, Answers good, Answers bad, BatchMeters meters) {
    this.key = key;
    this.good = good;
    this.bad = bad;
    this.meters = meters;
  }

  static Outcomes open(Batch batch, Path folder, Vault vault, BatchMeters meters)
      throws IOException {
    String key = batch.id().substring(batch.id().indexOf('_') + 1);
    Answers good = Answers.open(folder.resolve(batch.outputFile()), vault);
    try {
      return new Outcomes(
          key, good, Answers.open(folder.resolve(batch.errorFile()), vault), meters);
    } catch (IOException | RuntimeException e) {
      good.close();
      throw e;
    }
  }

  boolean has(int line) {
    return good.answered().get(line) || bad.answered().get(line);
  }

  /** Whether lines were left when the batch expired. */
  boolean expired() {
    return bad.expired();
  }

  Batch.Counts counts(int total) {
    return new Batch.Counts(total, good.answered().cardinality(), bad.answered().cardinality());
  }

  void answered(int line, String customId, BatchQueue.Reply reply) throws IOException {
    boolean failed = reply.refusal() != null;
    (failed ? bad : good).add(key, line, customId, reply, null);
    meters.line(failed ? BatchMeters.Outcome.FAILED : BatchMeters.Outcome.COMPLETED);
  }

  /** No engine was asked. */
  void refused(int line, @Nullable String customId, Problem why) throws IOException {
    bad.add(key, line, customId, null, why);
    meters.line(
        why.equals(Problem.EXPIRED) ? BatchMeters.Outcome.EXPIRED : BatchMeters.Outcome.FAILED);
  }

  /** Says that nothing more becomes of its lines. */
  void finish() throws IOException {
    good.finish();
    bad.finish();
  }

  /** What was added is on the disk when this returns. */
  void force() throws IOException {
    good.force();
    bad.force();
  }

  @Override
  public void close() throws IOException {
    good.close();
    bad.close();
  }
}
