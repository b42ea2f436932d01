package dev.gearbox.workshop.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.workshop.TestingTransformer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class CheckpointTest {
  private static final Map<String, String> THEIRS =
      Map.of(
          "token_embd.weight", "model.embed_tokens.weight",
          "output_norm.weight", "model.norm.weight",
          "output.weight", "lm_head.weight");
  private static final Map<String, String> PARTS =
      Map.of(
          "attn_norm", "input_layernorm",
          "attn_q", "self_attn.q_proj",
          "attn_k", "self_attn.k_proj",
          "attn_v", "self_attn.v_proj",
          "attn_output", "self_attn.o_proj",
          "ffn_norm", "post_attention_layernorm",
          "ffn_gate", "mlp.gate_proj",
          "ffn_up", "mlp.up_proj",
          "ffn_down", "mlp.down_proj");

  @TempDir Path folder;

  @Test
  void theSameModelComesOut() throws IOException {
    Path original = new TestingTransformer(3).write(folder.resolve("original.gguf"));
    Path out = folder.resolve("out.gguf");
    try (GgufFile file = GgufFile.open(original)) {
      Checkpoint.open(export(file, "qwen2")).write(out);
      try (GgufFile made = GgufFile.open(out)) {
        ModelTensors.of(made, ModelShape.of(made));
        assertThat(ModelShape.of(made)).isEqualTo(ModelShape.of(file));
        assertThat(made.tensors().keySet())
            .containsExactlyInAnyOrderElementsOf(file.tensors().keySet());
        file.tensors()
            .forEach((name, tensor) ->
                assertThat(made.tensor(name).toFloats()).as(name).isEqualTo(tensor.toFloats()));
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
      Path made = export(file, "qwen2");
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
      Path other = export(file, "mamba");
      assertThatThrownBy(() -> Checkpoint.open(other))
          .hasMessageContaining("holds a 'mamba' model; llama and qwen2 are read");
    }
  }

  /** The folder that Hugging Face would have of a model. */
  private Path export(GgufFile file, String kind) throws IOException {
    Path to = Files.createTempDirectory(folder, "checkpoint");
    ModelShape shape = ModelShape.of(file);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", kind);
    config.put("hidden_size", shape.size());
    config.put("intermediate_size", shape.inner());
    config.put("num_hidden_layers", shape.layers());
    config.put("num_attention_heads", shape.heads());
    config.put("num_key_value_heads", shape.kvHeads());
    config.put("head_dim", shape.headSize());
    config.put("max_position_embeddings", shape.maxContext());
    config.put("rope_theta", shape.ropeBase());
    config.put("rms_norm_eps", shape.epsilon());
    config.put("rope_scaling", null);
    config.put("bos_token_id", 256);
    config.put("eos_token_id", List.of(257));
    write(to.resolve("config.json"), config);
    List<String> tokens = file.metadata().getStrings("tokenizer.ggml.tokens");
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int i = 0; i < 256; i++) {
      vocabulary.put(tokens.get(i), i);
    }
    write(
        to.resolve("tokenizer.json"),
        Map.of(
            "model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of()),
            "pre_tokenizer", Map.of("type", "ByteLevel"),
            "added_tokens",
                List.of(
                    Map.of("id", 256, "content", "<s>", "special", true),
                    Map.of("id", 257, "content", "</s>", "special", true))));
    Files.write(to.resolve("model.safetensors"), safetensors(file));
    return to;
  }

  private static byte[] safetensors(GgufFile file) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("__metadata__", Map.of("format", "pt"));
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (GgufTensor tensor : file.tensors().values()) {
      long begin = data.size();
      data.write(tensor.data().toArray(ValueLayout.JAVA_BYTE));
      List<Long> shape =
          tensor.rank() == 1
              ? List.of(tensor.dimension(0))
              : List.of(tensor.dimension(1), tensor.dimension(0));
      List<Long> offsets = List.of(begin, (long) data.size());
      header.put(
          theirs(tensor.name()), Map.of("dtype", "F32", "shape", shape, "data_offsets", offsets));
    }
    byte[] json = JsonMapper.shared().writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
    all.write(json);
    all.write(data.toByteArray());
    return all.toByteArray();
  }

  private static String theirs(String ours) {
    String name = THEIRS.get(ours);
    if (name != null) {
      return name;
    }
    String[] parts = ours.split("\\.", -1);
    return "model.layers." + parts[1] + "." + PARTS.get(parts[2]) + "." + parts[3];
  }

  private static void write(Path path, Object json) throws IOException {
    Files.writeString(path, JsonMapper.shared().writeValueAsString(json));
  }
}
