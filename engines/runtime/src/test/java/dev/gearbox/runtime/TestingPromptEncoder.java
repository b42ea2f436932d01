package dev.gearbox.runtime;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * The text side of {@link TestingModelRunner}: a token is a byte. Ids 1 to 95 are printable ASCII,
 * 96 to 111 lead bytes and 112 to 127 continuation bytes of UTF-8, 0 ends the answer.
 */
public final class TestingPromptEncoder implements PromptEncoder {
  @Override
  public Encoding encode(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Tokens tokens -> new Encoding.Encoded(tokens.ids());
      case Prompt.Text text -> new Encoding.Encoded(ids(text.text()));
      case Prompt.Chat chat -> new Encoding.Rejected("no chat template");
      case Prompt.Begun begun -> new Encoding.Rejected("nothing to go on with");
    };
  }

  private static TokenIds ids(String text) {
    return TokenIds.of(text.chars().map(c -> Math.clamp(c - 31, 1, 95)).toArray());
  }

  @Override
  public TextDecoder decoder() {
    return new ByteDecoder();
  }

  @Override
  public String text(int token) {
    return new String(new byte[] {toByte(token)}, StandardCharsets.UTF_8);
  }

  @Override
  public boolean isEndOfGeneration(int token) {
    return token == 0;
  }

  private static byte toByte(int token) {
    if (token < 96) {
      return (byte) (token + 31);
    }
    return (byte) (token < 112 ? 0xC4 + token - 96 : 0x80 + token - 112);
  }

  private static final class ByteDecoder implements TextDecoder {
    private final CharsetDecoder utf8 =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer bytes = ByteBuffer.allocate(8);
    private final CharBuffer chars = CharBuffer.allocate(8);

    @Override
    public String append(int token) {
      bytes.put(toByte(token));
      return decode(false);
    }

    @Override
    public String flush() {
      return decode(true);
    }

    private String decode(boolean end) {
      bytes.flip();
      utf8.decode(bytes, chars, end);
      bytes.compact();
      String text = chars.flip().toString();
      chars.clear();
      return text;
    }
  }
}
