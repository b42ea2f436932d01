package dev.gearbox.runtime;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Prompt;
import dev.gearbox.format.template.PromptCodec;

/**
 * The text side of one variant: prompts to tokens, tokens to text. Thread-safe, {@link
 * TextDecoder}s apart.
 */
public interface PromptEncoder {
  /** The encoder that a model's file describes. */
  static PromptEncoder of(PromptCodec codec) {
    return new ModelText(codec);
  }

  /** See {@link dev.gearbox.engine.Engine#encode}. */
  Encoding encode(Prompt prompt);

  /** A fresh decoder for one answer. */
  TextDecoder decoder();

  /** The token's bytes as text, broken characters replaced. */
  String text(int token);

  /** Whether the model ends its answer with this token. */
  boolean isEndOfGeneration(int token);

  /** Turns one answer's tokens into text as they come; not thread-safe. */
  interface TextDecoder {
    /** Text that became complete with {@code token}; never half a character. */
    String append(int token);

    /** What is left when the answer ends, broken characters replaced. */
    String flush();
  }
}
