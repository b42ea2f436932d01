package dev.gearbox.gateway.stream;

import dev.gearbox.gateway.stream.LineEvent.Ended;
import tools.jackson.core.JsonGenerator;

/** Tokens of a request over all its answers; a prompt counts once however many answers it has. */
final class Usage {
  private final int answersPerPrompt;
  private int prompt;
  private int cached;
  private int generated;
  private int rescues;

  Usage(int answersPerPrompt) {
    this.answersPerPrompt = answersPerPrompt;
  }

  void add(Ended ended) {
    if (ended.index() % answersPerPrompt == 0) {
      prompt += ended.end().tokens().prompt();
      cached += ended.end().tokens().cached();
    }
    generated += ended.end().tokens().generated();
  }

  void opened(Opening opening) {
    rescues = opening.begunBy().size();
  }

  void write(JsonGenerator json) {
    json.writeObjectPropertyStart("usage");
    json.writeNumberProperty("prompt_tokens", prompt);
    json.writeNumberProperty("completion_tokens", generated);
    json.writeNumberProperty("total_tokens", prompt + generated);
    json.writeObjectPropertyStart("prompt_tokens_details");
    json.writeNumberProperty("cached_tokens", cached);
    json.writeEndObject();
    json.writeObjectPropertyStart("completion_tokens_details");
    json.writeNumberProperty("reasoning_tokens", 0);
    json.writeEndObject();
    if (rescues > 0) {
      json.writeNumberProperty("rescues", rescues);
    }
    json.writeEndObject();
  }
}
