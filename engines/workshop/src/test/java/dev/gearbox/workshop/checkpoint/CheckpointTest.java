package dev.gearbox.workshop.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.model.TinyModel;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.workshop.TestingGemma;
import dev.gearbox.workshop.TestingTransformer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  @TempDir Path folder;

  @Test
  void theSameModelComesOut() throws IOException {
    Path original = new TestingTransformer(3).write(folder.resolve("original.gguf"));
    Path out = folder.resolve("out.gguf");
    try (GgufFile file = GgufFile.open(original)) {
      Checkpoint.open(TestingCheckpoint.bytes(file, "qwen2", folder)).write(out);
      try (GgufFile made = GgufFile.open(out)) {
        assertSame(made, file);
        assertThat(Tokenizer.of(made).encode("Hello, <s>", true))
            .isEqualTo(Tokenizer.of(file).encode("Hello, <s>", true));
      }
    }
  }

  @Test
  void llamasRowsAreRotatedInPairsSideBySide() {
    assertThat(Checkpoint.pairs(12, 2)).containsExactly(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11);
    assertThatThrownBy(() -> Checkpoint.pairs(10, 4)).hasMessage("10 rows do not make 4 heads");
  }

  @Test
  void whatIsNotWhatItClaimsIsNamed() throws IOException {
    Path original = new TestingTransformer(3).write(folder.resolve("original.gguf"));
    try (GgufFile file = GgufFile.open(original)) {
      Path made = TestingCheckpoint.bytes(file, "qwen2", folder);
      Path weights = made.resolve("model.safetensors");
      byte[] bytes = Files.readAllBytes(weights);
      Path out = folder.resolve("out.gguf");
      Files.write(weights, Arrays.copyOf(bytes, bytes.length - 100));
      assertThatThrownBy(() -> Checkpoint.open(made).write(out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("claims bytes");
      Files.writeString(weights, "none");
      assertThatThrownBy(() -> Checkpoint.open(made).write(out))
          .hasMessageContaining("this is not a safetensors file");
      Files.delete(weights);
      assertThatThrownBy(() -> Checkpoint.open(made).write(out))
          .hasMessageContaining("there is no .safetensors file");
      assertThat(out).doesNotExist();
      Path other = TestingCheckpoint.bytes(file, "mamba", folder);
      assertThatThrownBy(() -> Checkpoint.open(other))
          .hasMessageContaining("holds a 'mamba' model; llama, qwen2 and gemma3_text are read");
    }
  }

  @Test
  void aGemmaComesOutTheSameAndReadsTheSame() throws IOException {
    Path original = TestingGemma.write(new TinyModel(Architecture.GEMMA3, 5), 7, folder);
    Path out = folder.resolve("out.gguf");
    try (GgufFile file = GgufFile.open(original)) {
      Checkpoint.open(TestingCheckpoint.gemma(file, folder)).write(out);
      try (GgufFile made = GgufFile.open(out)) {
        assertSame(made, file);
        String text = "the tooth\n\not  <unused0> hat, bot\u00e9";
        Tokenizer expected = Tokenizer.of(file);
        Tokenizer found = Tokenizer.of(made);
        assertThat(found.encode(text, true)).isEqualTo(expected.encode(text, true));
        assertThat(found.encode("the", false)).hasSize(1);
        assertThat(found.bos()).isEqualTo(expected.bos());
        assertThat(found.addBos()).isTrue();
      }
    }
  }

  @Test
  void aGemmaWithOtherWindowsIsRefused() throws IOException {
    Path original = TestingGemma.write(new TinyModel(Architecture.GEMMA3, 5), 7, folder);
    try (GgufFile file = GgufFile.open(original)) {
      Path made = TestingCheckpoint.gemma(file, folder);
      Path config = made.resolve("config.json");
      Files.writeString(
          config,
          Files.readString(config).replace("[\"sliding_attention\"", "[\"full_attention\""));
      assertThatThrownBy(() -> Checkpoint.open(made).write(folder.resolve("out.gguf")))
          .hasMessageContaining("every sixth layer, and no other, sees the whole context");
    }
  }

  private static void assertSame(GgufFile made, GgufFile file) {
    ModelTensors.of(made, ModelShape.of(made));
    assertThat(ModelShape.of(made)).isEqualTo(ModelShape.of(file));
    assertThat(made.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(file.tensors().keySet());
    file.tensors()
        .forEach((name, tensor) ->
            assertThat(made.tensor(name).toFloats()).as(name).isEqualTo(tensor.toFloats()));
  }
}
