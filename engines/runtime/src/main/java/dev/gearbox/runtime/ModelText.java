package dev.gearbox.runtime;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.tokenizer.Detokenizer;
import dev.gearbox.format.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;

/** A model's own tokenizer and chat template as a {@link PromptEncoder}. */
final class ModelText implements PromptEncoder {
  private final Tokenizer tokenizer;

  ModelText(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  @Override
  public Encoding encode(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens tokens -> check(tokens.ids());
      case Prompt.Text text -> encoded(tokenizer.encode(text.text(), true));
      case Prompt.Chat chat -> new Encoding.Rejected("the model has no chat template");
    };
  }

  private Encoding check(TokenIds ids) {
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i) < 0 || ids.get(i) >= tokenizer.vocabularySize()) {
        return new Encoding.Rejected(
            "token ids run from 0 to %d, got %d at position %d"
                .formatted(tokenizer.vocabularySize() - 1, ids.get(i), i));
      }
    }
    return notEmpty(ids);
  }

  /** Puts BOS first where the model wants it, once: templates and users write it out too. */
  private Encoding encoded(int[] ids) {
    boolean missing = tokenizer.addBos() && (ids.length == 0 || ids[0] != tokenizer.bos());
    if (!missing) {
      return notEmpty(TokenIds.of(ids));
    }
    int[] withBos = new int[ids.length + 1];
    withBos[0] = tokenizer.bos();
    System.arraycopy(ids, 0, withBos, 1, ids.length);
    return notEmpty(TokenIds.of(withBos));
  }

  private static Encoding notEmpty(TokenIds ids) {
    return ids.size() == 0
        ? new Encoding.Rejected("the prompt is empty")
        : new Encoding.Encoded(ids);
  }

  @Override
  public TextDecoder decoder() {
    Detokenizer detokenizer = tokenizer.detokenizer();
    return new TextDecoder() {
      @Override
      public String append(int token) {
        return detokenizer.append(token);
      }

      @Override
      public String flush() {
        return detokenizer.flush();
      }
    };
  }

  @Override
  public String text(int token) {
    return new String(tokenizer.bytes(token), StandardCharsets.UTF_8);
  }

  @Override
  public boolean isEndOfGeneration(int token) {
    return tokenizer.isEndOfGeneration(token);
  }
}
