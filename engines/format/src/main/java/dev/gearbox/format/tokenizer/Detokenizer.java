package dev.gearbox.format.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * The text of a stream of tokens. What is appended comes out as soon as its characters are whole;
 * together with the flush it is exactly the UTF-8 decoding of all bytes, with U+FFFD for what is no
 * UTF-8. Not thread-safe.
 */
public final class Detokenizer {
  private static final int LONGEST_CHARACTER = 4;

  private final Tokenizer tokenizer;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final ByteBuffer pending = ByteBuffer.allocate(LONGEST_CHARACTER).flip();

  Detokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** The characters that this token completes; empty for a control token. */
  public String append(int id) {
    return tokenizer.isControl(id) ? "" : decode(tokenizer.bytes(id), false);
  }

  /** What is left, U+FFFD for half a character; the detokenizer is then as new. */
  public String flush() {
    String rest = decode(new byte[0], true);
    decoder.reset();
    return rest;
  }

  private String decode(byte[] bytes, boolean last) {
    ByteBuffer in = ByteBuffer.allocate(pending.remaining() + bytes.length);
    in.put(pending).put(bytes).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    decoder.decode(in, out, last);
    pending.clear().put(in).flip();
    return out.flip().toString();
  }
}
