package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.batch.Batch.Problem;
import dev.gearbox.gateway.batch.Batch.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Works through one batch, from wherever it stopped to its end. One thread runs it; answers come to
 * that thread as messages.
 *
 * <pre>
 *   validating ─> in_progress ─> finalizing ─> completed
 *        └─> failed      ├─> expired
 *                        └─> cancelling ─> cancelled
 * </pre>
 */
final class BatchRun {
  private static final long TICK_MILLIS = 20;
  private static final long SAVE_MILLIS = 1000;

  private final Path folder;
  private final BatchQueue queue;
  private final Limits limits;
  private final InstantSource time;
  private final Consumer<Batch> saved;
  private final BlockingQueue<Answered> inbox = new LinkedBlockingQueue<>();
  private final Map<Integer, Runnable> running = new HashMap<>();
  private final Map<Integer, String> names = new HashMap<>();
  private final Set<String> seen = new HashSet<>();
  private volatile Batch batch;
  private volatile boolean cancelled;
  private volatile boolean stopped;
  private long savedAt;

  /**
   * Bounds of a batch.
   *
   * @param requests lines
   * @param lineBytes bytes of a line
   * @param inFlight requests at once; null for what the queue takes
   */
  record Limits(int requests, int lineBytes, @Nullable Integer inFlight) {}

  private record Answered(int line, BatchQueue.Reply reply) {}

  /**
   * Of one batch.
   *
   * @param saved keeps what is known of it, durably; throws when it cannot
   */
  BatchRun(
      Batch batch,
      Path folder,
      BatchQueue queue,
      Limits limits,
      InstantSource time,
      Consumer<Batch> saved) {
    this.batch = batch;
    this.folder = folder;
    this.queue = queue;
    this.limits = limits;
    this.time = time;
    this.saved = saved;
    this.cancelled = batch.status() == Status.CANCELLING;
  }

  Batch batch() {
    return batch;
  }

  /** Takes up no more lines; what is answered stays. Nothing happens to one that is over. */
  synchronized Batch cancel() {
    if (!batch.status().over() && batch.status() != Status.CANCELLING) {
      save(batch.now(Status.CANCELLING, seconds()));
      cancelled = true;
    }
    return batch;
  }

  /** Leaves it as it is, to go on after the next start. */
  void stop() {
    stopped = true;
  }

  /** Runs it to its end, or until it is stopped. */
  void run() throws IOException, InterruptedException {
    if (batch.status() == Status.VALIDATING && !validate()) {
      return;
    }
    try (Answers good = Answers.open(folder.resolve(batch.outputFile()));
        Answers bad = Answers.open(folder.resolve(batch.errorFile()))) {
      boolean late;
      try {
        late = work(good, bad);
      } finally {
        running.values().forEach(Runnable::run);
      }
      if (!stopped) {
        end(good, bad, late);
      }
    }
  }

  /** Counts its lines; false when the file is none of requests. */
  private boolean validate() throws IOException {
    int lines = 0;
    boolean sound = false;
    try (JsonLines file = new JsonLines(folder.resolve(batch.inputFile()), limits.lineBytes())) {
      for (var line = file.next(); line != null; line = file.next()) {
        lines++;
        sound |= RequestLine.read(line, batch.endpoint()) instanceof Result.Ok<ObjectNode>;
        if (lines > limits.requests()) {
          return fail(
              "too_many_requests", "a batch may have %d requests".formatted(limits.requests()));
        }
      }
    }
    if (lines == 0) {
      return fail("empty_file", "the file has no requests");
    }
    if (!sound) {
      return fail(
          "invalid_file",
          "no line is a request: each must be a JSON object with custom_id, method, url and body");
    }
    begun(new Batch.Counts(lines, 0, 0));
    return true;
  }

  private synchronized void begun(Batch.Counts counts) {
    Batch counted = batch.counting(counts);
    save(cancelled ? counted : counted.now(Status.IN_PROGRESS, seconds()));
  }

  private synchronized boolean fail(String code, String message) {
    save(batch.failing(new Problem(code, message, null), seconds()));
    return false;
  }

  /** Works until it is over or is stopped; whether lines were left when it expired. */
  private boolean work(Answers good, Answers bad) throws IOException, InterruptedException {
    count(good, bad);
    try (JsonLines file = new JsonLines(folder.resolve(batch.inputFile()), limits.lineBytes())) {
      JsonLines.Line next = file.next();
      while (!stopped && !cancelled && !expired() && (next != null || !running.isEmpty())) {
        while (next != null && (known(next, good, bad) || begin(next, bad))) {
          next = file.next();
        }
        Answered first = inbox.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
        for (Answered each = first; each != null; each = inbox.poll()) {
          answered(each, good, bad);
        }
        tick(good, bad);
      }
      for (Answered each = inbox.poll(); each != null; each = inbox.poll()) {
        answered(each, good, bad);
      }
      boolean late = false;
      if (!stopped && !cancelled) {
        for (; next != null; next = file.next()) {
          if (!known(next, good, bad)) {
            expire(next.number(), RequestLine.name(next), bad);
            late = true;
          }
        }
        late |= !running.isEmpty();
        for (int line : Set.copyOf(running.keySet())) {
          expire(line, names.get(line), bad);
        }
      }
      return late;
    }
  }

  /** Whether a line was answered before a restart; then its name is taken too. */
  private boolean known(JsonLines.Line line, Answers good, Answers bad) {
    boolean answered = good.answered().get(line.number()) || bad.answered().get(line.number());
    if (answered) {
      String name = RequestLine.name(line);
      if (name != null) {
        seen.add(name);
      }
    }
    return answered;
  }

  private void expire(int line, @Nullable String name, Answers bad) throws IOException {
    Problem late = new Problem("batch_expired", "the batch expired before it was answered", line);
    bad.add(key(), line, name, null, late);
  }

  /** Gives a line to the queue, or answers it; false when there is no room at the moment. */
  private boolean begin(JsonLines.Line line, Answers bad) throws IOException {
    Integer most = limits.inFlight();
    if ((most != null && running.size() >= most) || !queue.hasRoom()) {
      return false;
    }
    int number = line.number();
    switch (RequestLine.read(line, batch.endpoint())) {
      case Result.Refused<ObjectNode>(Refusal refusal) ->
          bad.add(
              key(),
              number,
              RequestLine.name(line),
              null,
              new Problem(refusal.code(), refusal.message(), number));
      case Result.Ok<ObjectNode>(ObjectNode json) -> {
        String name = json.get("custom_id").stringValue();
        if (!seen.add(name)) {
          Problem twice =
              new Problem("duplicate_custom_id", "an earlier line has this custom_id", number);
          bad.add(key(), number, name, null, twice);
        } else {
          names.put(number, name);
          running.put(
              number,
              queue.submit(task(number, json), reply -> inbox.add(new Answered(number, reply))));
        }
      }
    }
    return true;
  }

  private BatchQueue.Task task(int number, ObjectNode json) {
    ObjectNode body = (ObjectNode) json.get("body");
    body.put("stream", false);
    body.remove("stream_options");
    return new BatchQueue.Task(
        batch.id() + ":" + number,
        batch.caller(),
        batch.endpoint().endsWith("chat/completions") ? AnswerKind.CHAT : AnswerKind.COMPLETION,
        body,
        batch.times().getOrDefault("created", 0L) * 1000,
        batch.expiresAt() * 1000);
  }

  private void answered(Answered each, Answers good, Answers bad) throws IOException {
    running.remove(each.line());
    BatchQueue.Reply reply = each.reply();
    (reply.refusal() == null ? good : bad)
        .add(key(), each.line(), names.remove(each.line()), reply, null);
  }

  private void tick(Answers good, Answers bad) throws IOException {
    count(good, bad);
    if (time.millis() - savedAt >= SAVE_MILLIS) {
      good.force();
      bad.force();
      save(batch);
    }
  }

  private synchronized void count(Answers good, Answers bad) {
    batch =
        batch.counting(
            new Batch.Counts(
                batch.counts().total(),
                good.answered().cardinality(),
                bad.answered().cardinality()));
  }

  private synchronized void end(Answers good, Answers bad, boolean late) throws IOException {
    if (!cancelled && !late) {
      save(batch.now(Status.FINALIZING, seconds()));
    }
    count(good, bad);
    good.force();
    bad.force();
    Status last = cancelled ? Status.CANCELLED : late ? Status.EXPIRED : Status.COMPLETED;
    save(batch.now(last, seconds()));
  }

  private boolean expired() {
    return seconds() >= batch.expiresAt();
  }

  private synchronized void save(Batch next) {
    batch = next;
    saved.accept(next);
    savedAt = time.millis();
  }

  /** The batch's id without its prefix. */
  private String key() {
    return batch.id().substring(batch.id().indexOf('_') + 1);
  }

  private long seconds() {
    return time.millis() / 1000;
  }
}
