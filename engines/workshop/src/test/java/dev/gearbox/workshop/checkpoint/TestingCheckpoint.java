package dev.gearbox.workshop.checkpoint;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelShape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;

/** The folders that Hugging Face would have of models. */
final class TestingCheckpoint {
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
  private static final Map<String, String> GEMMA_PARTS =
      Map.of(
          "attn_q_norm", "self_attn.q_norm",
          "attn_k_norm", "self_attn.k_norm",
          "post_attention_norm", "post_attention_layernorm",
          "ffn_norm", "pre_feedforward_layernorm",
          "post_ffw_norm", "post_feedforward_layernorm");

  private TestingCheckpoint() {}

  /** Of a model that reads bytes. */
  static Path bytes(GgufFile file, String kind, Path folder) throws IOException {
    Map<String, Object> config = config(file, kind);
    config.put("bos_token_id", 256);
    config.put("eos_token_id", List.of(257));
    List<String> tokens = file.metadata().getStrings("tokenizer.ggml.tokens");
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int i = 0; i < 256; i++) {
      vocabulary.put(tokens.get(i), i);
    }
    Map<String, Object> tokenizer =
        Map.of(
            "model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of()),
            "pre_tokenizer", Map.of("type", "ByteLevel"),
            "added_tokens",
                List.of(
                    Map.of("id", 256, "content", "<s>", "special", true),
                    Map.of("id", 257, "content", "</s>", "special", true)));
    return write(file, config, tokenizer, PARTS, folder);
  }

  /** Of a Gemma, with merges in place of the scores of its tokens, and a token that has no row. */
  static Path gemma(GgufFile file, Path folder) throws IOException {
    ModelShape shape = ModelShape.of(file);
    Map<String, Object> config = config(file, "gemma3_text");
    config.put("sliding_window", shape.window());
    config.put("rope_local_base_freq", shape.localRopeBase());
    config.put("query_pre_attn_scalar", shape.headSize());
    List<String> kinds = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      kinds.add(shape.isWindowed(layer) ? "sliding_attention" : "full_attention");
    }
    config.put("layer_types", kinds);
    config.put("bos_token_id", 2);
    config.put("eos_token_id", List.of(1, 6));
    List<String> tokens = file.metadata().getStrings("tokenizer.ggml.tokens");
    int[] types = file.metadata().getInts("tokenizer.ggml.token_type");
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    List<Map<String, Object>> added = new ArrayList<>();
    List<List<String>> merges = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      vocabulary.put(token, id);
      if (types[id] != 1 && types[id] != 6) {
        added.add(Map.of("id", id, "content", token, "special", id < 4));
      }
      for (int at = 1; types[id] == 1 && at < token.length(); at++) {
        if (tokens.contains(token.substring(0, at)) && tokens.contains(token.substring(at))) {
          merges.add(List.of(token.substring(0, at), token.substring(at)));
        }
      }
    }
    added.add(Map.of("id", tokens.size(), "content", "<image_soft_token>", "special", true));
    Map<String, Object> tokenizer =
        Map.of(
            "model",
            Map.of(
                "type",
                "BPE",
                "byte_fallback",
                true,
                "unk_token",
                "<unk>",
                "vocab",
                vocabulary,
                "merges",
                merges),
            "normalizer",
            Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "\u2581"),
            "added_tokens",
            added);
    Map<String, String> parts = new HashMap<>(PARTS);
    parts.putAll(GEMMA_PARTS);
    return write(file, config, tokenizer, parts, folder);
  }

  private static Map<String, Object> config(GgufFile file, String kind) {
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
    return config;
  }

  private static Path write(
      GgufFile file,
      Map<String, Object> config,
      Map<String, Object> tokenizer,
      Map<String, String> parts,
      Path folder)
      throws IOException {
    Path to = Files.createTempDirectory(folder, "checkpoint");
    JsonMapper json = JsonMapper.shared();
    Files.writeString(to.resolve("config.json"), json.writeValueAsString(config));
    Files.writeString(to.resolve("tokenizer.json"), json.writeValueAsString(tokenizer));
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("__metadata__", Map.of("format", "pt"));
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (GgufTensor tensor : file.tensors().values()) {
      long begin = data.size();
      data.write(bytes(tensor, "gemma3_text".equals(config.get("model_type"))));
      List<Long> shape =
          tensor.rank() == 1
              ? List.of(tensor.dimension(0))
              : List.of(tensor.dimension(1), tensor.dimension(0));
      List<Long> offsets = List.of(begin, (long) data.size());
      String name = THEIRS.getOrDefault(tensor.name(), "");
      if (name.isEmpty()) {
        String[] own = tensor.name().split("\\.", -1);
        name =
            "model.layers."
                + own[1]
                + "."
                + Objects.requireNonNull(parts.get(own[2]))
                + "."
                + own[3];
      }
      header.put(name, Map.of("dtype", "F32", "shape", shape, "data_offsets", offsets));
    }
    byte[] described = json.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(described.length).array());
    all.write(described);
    all.write(data.toByteArray());
    Files.write(to.resolve("model.safetensors"), all.toByteArray());
    return to;
  }

  /** A Gemma's norms are kept less one. */
  private static byte[] bytes(GgufTensor tensor, boolean lessOne) {
    float[] values = tensor.toFloats();
    for (int i = 0; lessOne && tensor.name().endsWith("norm.weight") && i < values.length; i++) {
      values[i] -= 1;
    }
    return MemorySegment.ofArray(values).toArray(ValueLayout.JAVA_BYTE);
  }
}
