package dev.gearbox.engine;

/** What came of encoding a prompt: tokens, or why this variant cannot take it. */
public sealed interface Encoding {

  record Encoded(TokenIds tokens) implements Encoding {}

  /**
   * The chat template or the tokenizer refused the prompt.
   *
   * @param message for the client: what was expected and what came
   */
  record Rejected(String message) implements Encoding {}
}
