package dev.gearbox.gateway.admission;

import dev.gearbox.engine.Prompt;
import dev.gearbox.gateway.api.InferenceRequest;

/**
 * Tokens of a request before anything was tokenized: a quarter of the prompt's characters, and the
 * mean length of the tenant's answers. Writes are guarded by this; a reader may see an older mean.
 */
final class TokenEstimate {
  private static final int CHARACTERS_PER_TOKEN = 4;
  private static final double START = 128;
  private static final double GAIN = 0.05;

  private volatile double mean = START;

  static int prompt(InferenceRequest request) {
    long tokens = 0;
    for (Prompt prompt : request.prompts()) {
      tokens += 1 + tokens(prompt);
    }
    return (int) Math.min(Integer.MAX_VALUE, tokens);
  }

  private static long tokens(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens(var ids) -> ids.size();
      case Prompt.Text(String text) -> text.length() / CHARACTERS_PER_TOKEN;
      case Prompt.Chat(var messages, String tools) -> {
        long characters = tools == null ? 0 : tools.length();
        for (Prompt.Message message : messages) {
          characters += message.content() == null ? 0 : message.content().length();
        }
        yield characters / CHARACTERS_PER_TOKEN;
      }
      case Prompt.Begun(Prompt of, String answer, var ids) ->
          tokens(of) + answer.length() / CHARACTERS_PER_TOKEN;
    };
  }

  long answers(InferenceRequest request) {
    Integer asked = request.maxTokens();
    double each = asked == null ? mean : Math.min(mean, asked);
    return Math.round(each * request.sequences());
  }

  synchronized void learn(int answer) {
    mean += GAIN * (answer - mean);
  }
}
