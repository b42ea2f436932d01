package dev.gearbox.gateway.security;

import dev.gearbox.engine.Prompt;
import dev.gearbox.gateway.api.InferenceRequest;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.json.JsonMapper;

/**
 * The only place where request text may go to the log, and only when the operator said so.
 *
 * @param enabled {@code security.log-prompts}
 */
public record PromptLog(boolean enabled) {
  private static final Logger LOG = LoggerFactory.getLogger(PromptLog.class);
  private static final int MOST = 4096;

  /** Logs its prompts, each on one line and cut to a bound, on a thread that may wait. */
  public void see(InferenceRequest request, Scheduler workers) {
    if (!enabled) {
      return;
    }
    try {
      workers.schedule(() -> request.prompts().forEach(prompt -> write(request, prompt)));
    } catch (RejectedExecutionException e) {
      // The workers are swamped with prompts to encode, and an answer is worth more than its line.
      LOG.debug("event=prompt-dropped request={}", request.id(), e);
    }
  }

  private static void write(InferenceRequest request, Prompt prompt) {
    String text = text(prompt);
    LOG.info(
        "event=prompt request={} tenant={} characters={} text={}",
        request.id(),
        request.caller().tenant(),
        text.length(),
        // A JSON string: no line of a client's can pass for one of ours.
        JsonMapper.shared()
            .writeValueAsString(text.length() <= MOST ? text : text.substring(0, MOST)));
  }

  private static String text(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text) -> text;
      case Prompt.Tokens(var ids) -> ids.toString();
      case Prompt.Chat(var messages, String tools) -> {
        StringBuilder text = new StringBuilder();
        messages.forEach(m -> text.append(m.role()).append(": ").append(m.content()).append('\n'));
        yield text.toString();
      }
      case Prompt.Begun(Prompt of, String answer, var ids) -> text(of) + answer;
    };
  }
}
