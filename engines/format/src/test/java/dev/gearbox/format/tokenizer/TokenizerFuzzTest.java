package dev.gearbox.format.tokenizer;

import dev.gearbox.engine.Fuzzing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Any text becomes tokens, and those the same text again; a user's text never control tokens. */
class TokenizerFuzzTest {
  private static final List<Tokenizer> TOKENIZERS = tokenizers();

  private static List<Tokenizer> tokenizers() {
    try {
      Path folder = Files.createTempDirectory("gearbox-fuzz");
      return List.of(
          TestingVocabulary.bytePair(folder, "gpt-2"),
          TestingVocabulary.bytePair(folder, "qwen2"),
          TestingVocabulary.sentencePiece(folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Entry of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    // SentencePiece writes a space as U+2581, so it cannot tell one from the other.
    String text = new String(data, StandardCharsets.UTF_8).replace('\u2581', ' ');
    for (Tokenizer tokenizer : TOKENIZERS) {
      int[] ids = tokenizer.encode(text, false);
      Detokenizer detokenizer = tokenizer.detokenizer();
      StringBuilder back = new StringBuilder();
      for (int id : ids) {
        if (tokenizer.isControl(id)) {
          throw new IllegalStateException("a user's text became a control token: " + text);
        }
        back.append(detokenizer.append(id));
      }
      back.append(detokenizer.flush());
      if (!back.toString().equals(text)) {
        throw new IllegalStateException("'%s' came back as '%s'".formatted(text, back));
      }
      tokenizer.encode(text, true);
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("tokenizer", 300, TokenizerFuzzTest::fuzzerTestOneInput);
  }
}
