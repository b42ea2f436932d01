package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.Caller;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A file of requests that is, or was, worked through.
 *
 * @param id {@code batch_…}
 * @param caller whose requests they are
 * @param endpoint that answers each line, such as {@code /v1/chat/completions}
 * @param inputFile id of the file of requests
 * @param outputFile id of the file of answers, reserved from the start
 * @param errorFile id of the file of what failed, likewise
 * @param window as the client asked for it, such as {@code 24h}
 * @param metadata of the client
 * @param status where it is
 * @param times when it came to each status that it was in, seconds since 1970, by the status's word
 * @param expiresAt when what is left is not answered any more, seconds since 1970
 * @param counts of its lines
 * @param errors why it failed
 */
public record Batch(
    String id,
    Caller caller,
    String endpoint,
    String inputFile,
    String outputFile,
    String errorFile,
    String window,
    Map<String, String> metadata,
    Status status,
    Map<String, Long> times,
    long expiresAt,
    Counts counts,
    List<Problem> errors) {
  public Batch {
    metadata = Map.copyOf(metadata);
    times = Map.copyOf(times);
    errors = List.copyOf(errors);
  }

  /** Where a batch is, as OpenAI names it. */
  public enum Status {
    VALIDATING,
    FAILED,
    IN_PROGRESS,
    FINALIZING,
    COMPLETED,
    EXPIRED,
    CANCELLING,
    CANCELLED;

    /** As clients read it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether nothing more happens to it. */
    public boolean over() {
      return switch (this) {
        case FAILED, COMPLETED, EXPIRED, CANCELLED -> true;
        case VALIDATING, IN_PROGRESS, FINALIZING, CANCELLING -> false;
      };
    }
  }

  /** Lines, and what became of them. */
  public record Counts(int total, int completed, int failed) {
    /** Those that nothing has become of yet. */
    int left() {
      return total - completed - failed;
    }
  }

  /** What is wrong with the file as a whole. */
  public record Problem(String code, String message, @Nullable Integer line) {
    static final Problem EXPIRED =
        new Problem("batch_expired", "the batch expired before it was answered", null);
  }

  Batch now(Status next, long seconds) {
    Map<String, Long> passed = new TreeMap<>(times);
    passed.put(next.word(), seconds);
    return with(next, passed, counts, errors);
  }

  Batch counting(Counts newest) {
    return with(status, times, newest, errors);
  }

  Batch failing(Problem why, long seconds) {
    Batch failed = now(Status.FAILED, seconds);
    return failed.with(failed.status, failed.times, counts, List.of(why));
  }

  private Batch with(Status next, Map<String, Long> passed, Counts newest, List<Problem> why) {
    return new Batch(
        id,
        caller,
        endpoint,
        inputFile,
        outputFile,
        errorFile,
        window,
        metadata,
        next,
        passed,
        expiresAt,
        newest,
        why);
  }
}
