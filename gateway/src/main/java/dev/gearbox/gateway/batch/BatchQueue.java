package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.Refusal;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where the lines of batches are answered. Each task is answered once, in its own time; a task that
 * was given before a crash is given again after it, under its id.
 */
public interface BatchQueue extends AutoCloseable {

  /**
   * One line.
   *
   * @param id the same after a restart
   * @param caller whose it is
   * @param kind the endpoint
   * @param body the request
   * @param characters of it as JSON
   * @param createdAt of its batch, milliseconds since 1970
   * @param due when its batch expires, milliseconds since 1970
   * @param behind lines after it in its file
   * @param gap seconds since the line before it was given; null for the first
   */
  record Task(
      String id,
      Caller caller,
      AnswerKind kind,
      ObjectNode body,
      int characters,
      long createdAt,
      long due,
      int behind,
      @Nullable Double gap) {}

  /**
   * Its answer.
   *
   * @param status as of HTTP
   * @param requestId names it in logs and decisions
   * @param body JSON of the answer, or of the error object
   * @param refusal why there is no answer; null when there is one
   */
  record Reply(int status, String requestId, String body, @Nullable Refusal refusal) {}

  /** Whether a task more would begin soon. */
  boolean hasRoom();

  /**
   * Takes a task.
   *
   * @param done told once, on any thread; must not block
   * @return gives the task up
   */
  Runnable submit(Task task, Consumer<Reply> done);

  @Override
  default void close() {}
}
