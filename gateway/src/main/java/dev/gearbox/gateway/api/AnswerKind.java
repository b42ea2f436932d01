package dev.gearbox.gateway.api;

/** The two endpoints that generate, and how their answers are named. */
public enum AnswerKind {
  CHAT("chatcmpl-", "chat.completion", "chat.completion.chunk"),
  COMPLETION("cmpl-", "text_completion", "text_completion");

  private final String idPrefix;
  private final String object;
  private final String chunkObject;

  AnswerKind(String idPrefix, String object, String chunkObject) {
    this.idPrefix = idPrefix;
    this.object = object;
    this.chunkObject = chunkObject;
  }

  public String idPrefix() {
    return idPrefix;
  }

  /** What is done, by OpenTelemetry's names. */
  public String operation() {
    return switch (this) {
      case CHAT -> "chat";
      case COMPLETION -> "text_completion";
    };
  }

  /** {@code object} of a whole answer. */
  public String object() {
    return object;
  }

  /** {@code object} of one chunk of a stream. */
  public String chunkObject() {
    return chunkObject;
  }
}
