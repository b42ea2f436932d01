package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.batch.Batch.Problem;
import dev.gearbox.gateway.batch.Batch.Status;
import dev.gearbox.telemetry.meter.BatchMeters;
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
  private final Vault vault;
  private final BatchQueue queue;
  private final Limits limits;
  private final InstantSource time;
  private final BatchMeters meters;
  private final Consumer<Batch> saved;
  private BlockingQueue<Answered> inbox = new LinkedBlockingQueue<>();
  private final Map<Integer, Running> running = new HashMap<>();
  private final Set<String> seen = new HashSet<>();
  private volatile Batch batch;
  private volatile boolean cancelled;
  private volatile boolean stopped;
  private long savedAt;
  private @Nullable Long givenAt;

  /**
   * Bounds of a batch.
   *
   * @param requests lines
   * @param lineBytes bytes of a line
   * @param inFlight requests at once; null for what the queue takes
   */
  record Limits(int requests, int lineBytes, @Nullable Integer inFlight) {}

  private record Running(String customId, Runnable giveUp) {}

  private record Answered(int line, BatchQueue.Reply reply) {}

  /**
   * Of one batch.
   *
   * @param folder of its files
   * @param vault how these lie there
   * @param saved keeps what is known of it, durably; throws when it cannot
   */
  BatchRun(
      Batch batch,
      Path folder,
      Vault vault,
      BatchQueue queue,
      Limits limits,
      InstantSource time,
      BatchMeters meters,
      Consumer<Batch> saved) {
    this.batch = batch;
    this.folder = folder;
    this.vault = vault;
    this.queue = queue;
    this.limits = limits;
    this.time = time;
    this.meters = meters;
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

  /** Runs it to its end, or until it is stopped; when the disk fails it may be run again. */
  void run() throws IOException, InterruptedException {
    inbox = new LinkedBlockingQueue<>();
    running.clear();
    seen.clear();
    if (batch.status() == Status.VALIDATING && !validate()) {
      return;
    }
    try (Outcomes outcomes = Outcomes.open(batch, folder, vault, meters)) {
      try {
        work(outcomes);
      } finally {
        running.values().forEach(each -> each.giveUp().run());
      }
      if (!stopped) {
        end(outcomes);
      }
    }
  }

  /** Counts its lines; false when the file is none of requests. */
  private boolean validate() throws IOException {
    int lines = 0;
    boolean sound = false;
    try (JsonLines file = requests()) {
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

  private JsonLines requests() throws IOException {
    return new JsonLines(vault.read(folder.resolve(batch.inputFile()), true), limits.lineBytes());
  }

  private synchronized void begun(Batch.Counts counts) {
    Batch counted = batch.counting(counts);
    save(cancelled ? counted : counted.now(Status.IN_PROGRESS, seconds()));
  }

  private synchronized boolean fail(String code, String message) {
    save(batch.failing(new Problem(code, message, null), seconds()));
    return false;
  }

  private void work(Outcomes outcomes) throws IOException, InterruptedException {
    count(outcomes);
    try (JsonLines file = requests()) {
      JsonLines.Line next = file.next();
      while (!stopped
          && !cancelled
          && seconds() < batch.expiresAt()
          && (next != null || !running.isEmpty())) {
        // Answers go to the disk first: no more of them wait than there is room for requests.
        while (next != null
            && inbox.isEmpty()
            && (known(next, outcomes) || begin(next, outcomes))) {
          next = file.next();
        }
        settle(inbox.poll(TICK_MILLIS, TimeUnit.MILLISECONDS), outcomes);
        tick(outcomes);
      }
      settle(inbox.poll(), outcomes);
      if (!stopped && !cancelled) {
        for (; next != null; next = file.next()) {
          if (!known(next, outcomes)) {
            outcomes.refused(next.number(), RequestLine.name(next), Problem.EXPIRED);
          }
        }
        for (var each : running.entrySet()) {
          outcomes.refused(each.getKey(), each.getValue().customId(), Problem.EXPIRED);
        }
      }
    }
  }

  /** Whether a line was answered before a restart; then its name is taken too. */
  private boolean known(JsonLines.Line line, Outcomes outcomes) {
    boolean known = outcomes.has(line.number());
    String name = known ? RequestLine.name(line) : null;
    if (name != null) {
      seen.add(name);
    }
    return known;
  }

  /** Gives a line to the queue, or answers it; false when there is no room at the moment. */
  private boolean begin(JsonLines.Line line, Outcomes outcomes) throws IOException {
    Integer most = limits.inFlight();
    if ((most != null && running.size() >= most) || !queue.hasRoom()) {
      return false;
    }
    int number = line.number();
    switch (RequestLine.read(line, batch.endpoint())) {
      case Result.Refused<ObjectNode>(Refusal why) ->
          outcomes.refused(
              number, RequestLine.name(line), new Problem(why.code(), why.message(), number));
      case Result.Ok<ObjectNode>(ObjectNode json) -> {
        String name = json.get("custom_id").stringValue();
        if (seen.add(name)) {
          BlockingQueue<Answered> to = inbox;
          Runnable giveUp =
              queue.submit(task(line, json), reply -> to.add(new Answered(number, reply)));
          running.put(number, new Running(name, giveUp));
        } else {
          Problem twice =
              new Problem("duplicate_custom_id", "an earlier line has this custom_id", number);
          outcomes.refused(number, name, twice);
        }
      }
    }
    return true;
  }

  private BatchQueue.Task task(JsonLines.Line line, ObjectNode json) {
    ObjectNode body = (ObjectNode) json.get("body");
    body.put("stream", false);
    body.remove("stream_options");
    String text = line.text();
    long now = time.millis();
    Double gap = givenAt == null ? null : (now - givenAt) / 1e3;
    givenAt = now;
    return new BatchQueue.Task(
        batch.id() + ":" + line.number(),
        batch.caller(),
        batch.endpoint().endsWith("chat/completions") ? AnswerKind.CHAT : AnswerKind.COMPLETION,
        body,
        text == null ? 0 : text.length(),
        batch.times().getOrDefault("created", 0L) * 1000,
        batch.expiresAt() * 1000,
        Math.max(0, batch.counts().total() - line.number()),
        gap);
  }

  private void settle(@Nullable Answered first, Outcomes outcomes) throws IOException {
    for (Answered each = first; each != null; each = inbox.poll()) {
      Running ended = running.remove(each.line());
      if (ended != null) {
        outcomes.answered(each.line(), ended.customId(), each.reply());
      }
    }
  }

  private void tick(Outcomes outcomes) throws IOException {
    count(outcomes);
    if (time.millis() - savedAt >= SAVE_MILLIS) {
      outcomes.force();
      save(batch);
    }
  }

  private synchronized void count(Outcomes outcomes) {
    batch = batch.counting(outcomes.counts(batch.counts().total()));
  }

  private synchronized void end(Outcomes outcomes) throws IOException {
    boolean completed = !cancelled && !outcomes.expired();
    if (completed) {
      save(batch.now(Status.FINALIZING, seconds()));
    }
    count(outcomes);
    outcomes.finish();
    outcomes.force();
    Vault.forceNames(folder);
    Status last = cancelled ? Status.CANCELLED : completed ? Status.COMPLETED : Status.EXPIRED;
    save(batch.now(last, seconds()));
  }

  private synchronized void save(Batch next) {
    // Nobody sees the end of it before its files are there.
    saved.accept(next);
    batch = next;
    savedAt = time.millis();
  }

  private long seconds() {
    return time.millis() / 1000;
  }
}
