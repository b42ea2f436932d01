package dev.gearbox.runtime;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.format.template.TemplateException;
import dev.gearbox.format.tokenizer.Detokenizer;
import dev.gearbox.format.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A model's own tokenizer and chat template as a {@link PromptEncoder}. */
final class ModelText implements PromptEncoder {
  private final PromptCodec codec;
  private final Tokenizer tokenizer;

  ModelText(PromptCodec codec) {
    this.codec = codec;
    this.tokenizer = codec.tokenizer();
  }

  @Override
  public Encoding encode(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens tokens -> check(tokens.ids());
      case Prompt.Text text -> notEmpty(TokenIds.of(codec.encodeText(text.text())));
      case Prompt.Chat chat -> chat(chat);
      case Prompt.Begun begun -> begun(begun);
    };
  }

  private Encoding begun(Prompt.Begun begun) {
    return switch (encode(begun.prompt())) {
      case Encoding.Encoded(TokenIds prompt) ->
          new Encoding.Encoded(prompt.plus(answer(begun.answer(), begun.tokens())));
      case Encoding.Rejected rejected -> rejected;
    };
  }

  /** As many of the tokens as end within the text at a character's end, and what is left of it. */
  private TokenIds answer(String text, TokenIds tokens) {
    byte[] said = text.getBytes(StandardCharsets.UTF_8);
    int whole = 0;
    int rest = 0;
    int at = 0;
    for (int i = 0; i < tokens.size(); i++) {
      int id = tokens.get(i);
      byte[] bytes = tokenizer.isControl(id) ? new byte[0] : tokenizer.bytes(id);
      int end = at + bytes.length;
      if (end > said.length || !Arrays.equals(said, at, end, bytes, 0, bytes.length)) {
        break;
      }
      at = end;
      if (at == said.length || (said[at] & 0xC0) != 0x80) {
        whole = i + 1;
        rest = at;
      }
    }
    String left = new String(said, rest, said.length - rest, StandardCharsets.UTF_8);
    return tokens.first(whole).plus(TokenIds.of(tokenizer.encode(left, false)));
  }

  private Encoding chat(Prompt.Chat chat) {
    if (!codec.chats()) {
      return new Encoding.Rejected("the model has no chat template: use completions");
    }
    try {
      int[] ids = codec.encodeChat(ChatValues.messages(chat), ChatValues.tools(chat), true);
      return notEmpty(TokenIds.of(ids));
    } catch (TemplateException e) {
      return new Encoding.Rejected("the model's chat template: " + e.getMessage());
    } catch (ChatValues.MalformedChatException e) {
      return new Encoding.Rejected(e.getMessage());
    }
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
