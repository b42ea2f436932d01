package dev.gearbox.format.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VocabularyDifferenceTest {
  @TempDir Path folder;

  private Optional<String> difference(List<String> one, List<String> other) throws IOException {
    try (GgufFile first = GgufFile.open(write("one", one));
        GgufFile second = GgufFile.open(write("other", other))) {
      return Tokenizer.difference(first, second);
    }
  }

  private Path write(String name, List<String> tokens) throws IOException {
    Path path = folder.resolve(name + ".gguf");
    new GgufWriter().put("tokenizer.ggml.tokens", GgufValue.of(tokens)).write(path);
    return path;
  }

  @Test
  void equalVocabulariesDoNotDiffer() throws IOException {
    assertThat(difference(List.of("a", "b"), List.of("a", "b"))).isEmpty();
  }

  @Test
  void saysInWhatVocabulariesDiffer() throws IOException {
    assertThat(difference(List.of("a", "b"), List.of("a", "b", "c")))
        .hasValue("its vocabulary has 2 tokens and not 3");
    assertThat(difference(List.of("a", "b"), List.of("a", "x")))
        .hasValue("its token 1 is 'b' and not 'x'");
  }
}
