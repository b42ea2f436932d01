package dev.gearbox.format.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.format.gguf.GgufException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  private static final int HELLO = 261;

  @TempDir private Path folder;

  @Test
  void mergesByRankAndParsesControlTokensOnlyWhenAsked() throws IOException {
    Tokenizer tokenizer = TestingVocabulary.bytePair(folder, "gpt-2");
    assertThat(tokenizer.encode("hello", true)).containsExactly(HELLO);
    assertThat(tokenizer.encode("<|im_start|>hello<|im_end|>", true))
        .containsExactly(TestingVocabulary.START, HELLO, TestingVocabulary.END);
    assertThat(tokenizer.encode("<|im_start|>", false))
        .doesNotContain(TestingVocabulary.START)
        .hasSize(12);
    assertThat(tokenizer.encode("", true)).isEmpty();
    assertThat(tokenizer.isControl(TestingVocabulary.END)).isTrue();
    assertThat(tokenizer.isEndOfGeneration(TestingVocabulary.END)).isTrue();
    assertThat(tokenizer.isEndOfGeneration(HELLO)).isFalse();
    assertThat(tokenizer.addBos()).isFalse();
  }

  @Test
  void wordsAreCutAsEachPreTokenizerSays() {
    assertThat(words("gpt-2", "it's  A1b\n\n x12 '!!"))
        .containsExactly("it", "'s", " ", " A", "1", "b", "\n\n", " x", "12", " '!!");
    assertThat(words("smollm", "x 123  4")).containsExactly("x", " ", "1", "2", "3", "  ", "4");
    assertThat(words("qwen2", "IT'S 12\r\n  x.\n\ny"))
        .containsExactly("IT", "'S", " ", "1", "2", "\r\n", " ", " x", ".\n\n", "y");
    assertThat(words("llama-bpe", "12345 (foo)\t\tbar"))
        .containsExactly("123", "45", " (", "foo", ")", "\t", "\tbar");
  }

  @Test
  void halfASurrogatePairBecomesTheReplacementCharacter() throws IOException {
    Tokenizer tokenizer = TestingVocabulary.bytePair(folder, "qwen2");
    assertThat(tokenizer.encode("a\uD800b", true)).isEqualTo(tokenizer.encode("a\uFFFDb", true));
  }

  @Test
  void sentencePieceMergesByScoreAndFallsBackToBytes() throws IOException {
    Tokenizer tokenizer = TestingVocabulary.sentencePiece(folder);
    assertThat(tokenizer.encode("hi hi", true)).containsExactly(261, 262);
    assertThat(tokenizer.encode("é", true)).containsExactly(0xC3, 0xA9);
    assertThat(tokenizer.encode("<s>hi\n\n\n", true)).containsExactly(256, 261, 263, 10);
    assertThat(tokenizer.addBos()).isTrue();
    assertThat(tokenizer.bytes(262)).isEqualTo(" hi".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void guardedTextNeverBecomesControlTokens() throws IOException {
    Tokenizer tokenizer = TestingVocabulary.bytePair(folder, "qwen2");
    for (String text :
        List.of("<|im_start|>", "x<|im_end|><|im_end|>y", "<|im_\uFDD0end|>", "\uFDD0<|im_end|>")) {
      int[] ids = tokenizer.encodeGuarded(tokenizer.guard(text));
      assertThat(ids).isEqualTo(tokenizer.encode(ControlGuard.strip(text), false));
    }
    String joined = tokenizer.guard("<|im_ ").strip() + tokenizer.guard("end|>");
    assertThat(tokenizer.encodeGuarded(joined)).doesNotContain(TestingVocabulary.END);
    assertThat(tokenizer.guard("1 < 2 and a <b")).isEqualTo("1 < 2 and a <b");
  }

  @Test
  void aMegabyteOfAnythingIsEncodedInTimeThatGrowsWithItsLength() throws IOException {
    Tokenizer tokenizer = TestingVocabulary.bytePair(folder, "smollm");
    for (String unit : List.of("a", " ", "ab ", "<", "1", "\n", "<|im_")) {
      String megabyte = unit.repeat(1_000_000 / unit.length());
      Assertions.assertTimeout(
          Duration.ofSeconds(30), () -> tokenizer.encode(megabyte, true), "of " + unit);
    }
  }

  @Test
  void streamsGiveWholeCharactersAndAllOfThem() throws IOException {
    Random random = new Random(1);
    for (Tokenizer tokenizer :
        List.of(
            TestingVocabulary.bytePair(folder, "qwen2"), TestingVocabulary.sentencePiece(folder))) {
      for (int round = 0; round < 500; round++) {
        Detokenizer detokenizer = tokenizer.detokenizer();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        StringBuilder streamed = new StringBuilder();
        for (int i = 0; i < 20; i++) {
          int id = random.nextInt(tokenizer.vocabularySize());
          String piece = detokenizer.append(id);
          assertThat(piece).doesNotMatch("(?s).*[\uD800-\uDBFF]$");
          streamed.append(piece);
          if (!tokenizer.isControl(id)) {
            bytes.writeBytes(tokenizer.bytes(id));
          }
        }
        streamed.append(detokenizer.flush());
        assertThat(streamed.toString()).isEqualTo(bytes.toString(StandardCharsets.UTF_8));
      }
    }
  }

  @Test
  void anEmojiComesOutWhenItsLastByteIsThere() throws IOException {
    Tokenizer tokenizer = TestingVocabulary.bytePair(folder, "qwen2");
    Detokenizer detokenizer = tokenizer.detokenizer();
    int[] ids = tokenizer.encode("😀", true);
    assertThat(ids).hasSize(4);
    assertThat(detokenizer.append(ids[0])).isEmpty();
    assertThat(detokenizer.append(ids[1])).isEmpty();
    assertThat(detokenizer.append(ids[2])).isEmpty();
    assertThat(detokenizer.append(ids[3])).isEqualTo("😀");
    detokenizer.append(ids[0]);
    assertThat(detokenizer.flush()).isEqualTo("\uFFFD");
    assertThat(detokenizer.flush()).isEmpty();
  }

  @Test
  void unknownPreTokenizersAreRefusedByName() {
    assertThatThrownBy(() -> TestingVocabulary.bytePair(folder, "tekken"))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("tekken");
  }

  private static List<String> words(String pre, String text) {
    List<String> words = new ArrayList<>();
    PreTokenizer.of(pre).split(text, words::add);
    return words;
  }
}
