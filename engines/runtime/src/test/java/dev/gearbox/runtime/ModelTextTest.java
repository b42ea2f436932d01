package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Encoding.Encoded;
import dev.gearbox.engine.Encoding.Rejected;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.runtime.PromptEncoder.TextDecoder;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ModelTextTest {
  @TempDir private Path folder;

  private PromptEncoder encoder(boolean addBos) throws IOException {
    try (GgufFile file = ToyModelFile.write(folder, addBos)) {
      return PromptEncoder.of(Tokenizer.of(file));
    }
  }

  private static Encoding tokens(int... ids) {
    return new Encoded(TokenIds.of(ids));
  }

  @Test
  void putsBosBeforeTextWhereTheModelWantsItAndOnlyOnce() throws IOException {
    assertThat(encoder(true).encode(new Prompt.Text("ab")))
        .isEqualTo(tokens(ToyModelFile.BOS, 'a', 'b'));
    assertThat(encoder(true).encode(new Prompt.Text("<s>ab")))
        .isEqualTo(tokens(ToyModelFile.BOS, 'a', 'b'));
    assertThat(encoder(false).encode(new Prompt.Text("ab"))).isEqualTo(tokens('a', 'b'));
  }

  @Test
  void answersAnEmptyPromptOnlyWhereBosBeginsIt() throws IOException {
    assertThat(encoder(true).encode(new Prompt.Text(""))).isEqualTo(tokens(ToyModelFile.BOS));
    assertThat(encoder(false).encode(new Prompt.Text(""))).isInstanceOf(Rejected.class);
    assertThat(encoder(true).encode(new Prompt.Tokens(TokenIds.EMPTY)))
        .isInstanceOf(Rejected.class);
  }

  @Test
  void takesTokensAsTheyAreAndRejectsUnknownOnes() throws IOException {
    PromptEncoder encoder = encoder(true);
    assertThat(encoder.encode(new Prompt.Tokens(TokenIds.of(5, 257)))).isEqualTo(tokens(5, 257));
    for (int id : new int[] {-1, 258, Integer.MAX_VALUE}) {
      assertThat(encoder.encode(new Prompt.Tokens(TokenIds.of(5, id))))
          .isInstanceOfSatisfying(
              Rejected.class, r -> assertThat(r.message()).contains("" + id, "position 1"));
    }
  }

  @Test
  void decodesWholeCharactersOnly() throws IOException {
    TextDecoder decoder = encoder(false).decoder();
    assertThat(decoder.append(0xC3)).isEmpty();
    assertThat(decoder.append(0xA9)).isEqualTo("é");
    assertThat(decoder.append(0xE2)).isEmpty();
    assertThat(decoder.flush()).isEqualTo("\uFFFD");
  }

  @Test
  void knowsWhatEndsAnAnswer() throws IOException {
    assertThat(encoder(false).isEndOfGeneration(ToyModelFile.EOS)).isTrue();
    assertThat(encoder(false).isEndOfGeneration('a')).isFalse();
    assertThat(encoder(false).text('a')).isEqualTo("a");
    assertThat(encoder(false).text(0xC3)).isEqualTo("\uFFFD");
  }
}
