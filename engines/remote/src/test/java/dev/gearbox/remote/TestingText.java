package dev.gearbox.remote;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.PromptEncoder;

/** A tokenizer whose tokens are characters. */
final class TestingText implements PromptEncoder {
  static final RemoteText TEXT = new RemoteText(new TestingText(), true, 256);

  @Override
  public Encoding encode(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens(TokenIds ids) -> new Encoding.Encoded(ids);
      case Prompt.Text(String text) -> new Encoding.Encoded(TokenIds.of(text.chars().toArray()));
      case Prompt.Chat chat ->
          new Encoding.Encoded(
              TokenIds.of(String.valueOf(chat.messages().getFirst().content()).chars().toArray()));
      case Prompt.Begun(Prompt of, String answer, TokenIds tokens) ->
          encode(of) instanceof Encoding.Encoded(TokenIds ids)
              ? new Encoding.Encoded(ids.plus(TokenIds.of(answer.chars().toArray())))
              : encode(of);
    };
  }

  @Override
  public TextDecoder decoder() {
    throw new UnsupportedOperationException("servers decode");
  }

  @Override
  public String text(int token) {
    return Character.toString(token);
  }

  @Override
  public boolean isEndOfGeneration(int token) {
    return false;
  }
}
