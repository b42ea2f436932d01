package dev.gearbox.workshop.checkpoint;

import dev.gearbox.format.gguf.BlockDecoder;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.workshop.checkpoint.Safetensors.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Llama, Qwen2 or Gemma 3 model as Hugging Face keeps it. Weights stay the floats that they are;
 * the rows of Llama's query and key matrices are put in the order in which GGUF readers rotate
 * them, pairs side by side; and Gemma's norms, which are kept less one, get it back.
 */
public final class Checkpoint {
  private static final Pattern OF_LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");
  private static final Map<String, String> KINDS =
      Map.of("llama", "llama", "qwen2", "qwen2", "gemma3_text", "gemma3");
  private static final Map<String, String> LAYER_NAMES =
      Map.of(
          "input_layernorm", "attn_norm",
          "self_attn.q_proj", "attn_q",
          "self_attn.k_proj", "attn_k",
          "self_attn.v_proj", "attn_v",
          "self_attn.o_proj", "attn_output",
          "post_attention_layernorm", "ffn_norm",
          "mlp.gate_proj", "ffn_gate",
          "mlp.up_proj", "ffn_up",
          "mlp.down_proj", "ffn_down");
  private static final Map<String, String> GEMMA_LAYER_NAMES =
      Map.of(
          "self_attn.q_norm", "attn_q_norm",
          "self_attn.k_norm", "attn_k_norm",
          "post_attention_layernorm", "post_attention_norm",
          "pre_feedforward_layernorm", "ffn_norm",
          "post_feedforward_layernorm", "post_ffw_norm");
  private static final Map<String, String> NAMES =
      Map.of(
          "model.embed_tokens.weight", "token_embd.weight",
          "model.norm.weight", "output_norm.weight",
          "lm_head.weight", "output.weight");

  private final Path folder;
  private final JsonNode config;
  private final String architecture;

  private Checkpoint(Path folder, JsonNode config, String architecture) {
    this.folder = folder;
    this.config = config;
    this.architecture = architecture;
  }

  /**
   * Reads its configuration.
   *
   * @throws IllegalArgumentException when it is of a kind that is not read
   */
  public static Checkpoint open(Path folder) throws IOException {
    JsonNode config = json(folder.resolve("config.json"));
    String kind = config.path("model_type").asString("");
    String architecture = KINDS.get(kind);
    if (architecture == null) {
      throw new IllegalArgumentException(
          "%s holds a '%s' model; llama, qwen2 and gemma3_text are read".formatted(folder, kind));
    }
    JsonNode scaling = config.path("rope_scaling");
    if (!scaling.isNull() && !scaling.isMissingNode()) {
      throw new IllegalArgumentException(folder + ": scaled positions (rope_scaling) are not read");
    }
    return new Checkpoint(folder, config, architecture);
  }

  /** Parses a file of the folder. */
  static JsonNode json(Path file) throws IOException {
    try {
      return JsonMapper.shared().readTree(Files.readString(file));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(file + " is broken: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Writes it as one GGUF file.
   *
   * @throws IllegalArgumentException when files of it are not what they claim to be
   */
  public void write(Path out) throws IOException {
    List<Safetensors> files = new ArrayList<>();
    try {
      for (Path path : weights()) {
        files.add(Safetensors.open(path));
      }
      GgufWriter writer = new GgufWriter();
      putNumbers(writer);
      int vocabulary = 0;
      for (Safetensors file : files) {
        for (Tensor tensor : file.tensors().values()) {
          add(tensor, writer);
          if (tensor.name().equals("model.embed_tokens.weight")) {
            vocabulary = Math.toIntExact(tensor.shape()[1]);
          }
        }
      }
      new CheckpointTokenizer(folder, config, vocabulary).put(writer);
      writer.write(out);
    } finally {
      files.forEach(Safetensors::close);
    }
  }

  private List<Path> weights() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> found = all.filter(p -> p.toString().endsWith(".safetensors")).sorted().toList();
      if (found.isEmpty()) {
        throw new IllegalArgumentException("there is no .safetensors file in " + folder);
      }
      return found;
    }
  }

  private void putNumbers(GgufWriter writer) {
    String key = architecture + ".";
    int heads = number("num_attention_heads");
    int headSize = config.path("head_dim").asInt(number("hidden_size") / heads);
    double base = config.path("rope_theta").asDouble(isGemma() ? 1e6 : 1e4);
    writer
        .put("general.architecture", GgufValue.of(architecture))
        .put("general.name", GgufValue.of(String.valueOf(folder.getFileName())))
        .put(key + "block_count", GgufValue.of(number("num_hidden_layers")))
        .put(key + "context_length", GgufValue.of(number("max_position_embeddings")))
        .put(key + "embedding_length", GgufValue.of(number("hidden_size")))
        .put(key + "feed_forward_length", GgufValue.of(number("intermediate_size")))
        .put(key + "attention.head_count", GgufValue.of(heads))
        .put(key + "attention.head_count_kv", GgufValue.of(keyHeads()))
        .put(key + "attention.key_length", GgufValue.of(headSize))
        .put(key + "attention.value_length", GgufValue.of(headSize))
        .put(key + "rope.dimension_count", GgufValue.of(headSize))
        .put(key + "rope.freq_base", GgufValue.of((float) base))
        .put(
            key + "attention.layer_norm_rms_epsilon",
            GgufValue.of((float) config.path("rms_norm_eps").asDouble(1e-6)));
    if (isGemma()) {
      putWindow(writer, headSize);
    }
  }

  /** What engines take for granted of Gemma 3 is held against what it says of itself. */
  private void putWindow(GgufWriter writer, int headSize) {
    JsonNode kinds = config.path("layer_types");
    for (int i = 0; i < kinds.size(); i++) {
      if (kinds.get(i).asString("").equals("full_attention") != (i % 6 == 5)) {
        throw new IllegalArgumentException(
            folder + ": of a gemma3 model every sixth layer, and no other, sees the whole context");
      }
    }
    if (config.path("query_pre_attn_scalar").asInt(headSize) != headSize) {
      throw new IllegalArgumentException(
          folder + ": scores that are not scaled by the size of heads are not read");
    }
    double local = config.path("rope_local_base_freq").asDouble(1e4);
    writer
        .put("gemma3.attention.sliding_window", GgufValue.of(number("sliding_window")))
        .put("gemma3.rope.freq_base_swa", GgufValue.of((float) local));
    double softcap = config.path("final_logit_softcapping").asDouble(0);
    if (softcap > 0) {
      writer.put("gemma3.final_logit_softcapping", GgufValue.of((float) softcap));
    }
  }

  private boolean isGemma() {
    return architecture.equals("gemma3");
  }

  private int keyHeads() {
    return config.path("num_key_value_heads").asInt(number("num_attention_heads"));
  }

  private int number(String key) {
    int number = config.path(key).asInt(0);
    if (number < 1) {
      throw new IllegalArgumentException(
          "%s: config.json should say %s, a number above 0".formatted(folder, key));
    }
    return number;
  }

  private void add(Tensor tensor, GgufWriter writer) {
    String name = name(tensor.name());
    boolean tied = config.path("tie_word_embeddings").asBoolean(isGemma());
    if (name.endsWith("rotary_emb.inv_freq") || (tied && name.equals("output.weight"))) {
      return;
    }
    boolean lessOne = isGemma() && name.endsWith("norm.weight");
    if (lessOne || (tensor.shape().length == 1 && tensor.type() == GgmlType.BF16)) {
      // Engines read vectors of F32 and F16.
      float[] values = new float[(int) tensor.shape()[0]];
      BlockDecoder.decode(tensor.type(), tensor.data(), 0, values.length, values, 0);
      for (int i = 0; lessOne && i < values.length; i++) {
        values[i] += 1;
      }
      writer.tensor(name, tensor.shape(), values);
    } else if (architecture.equals("llama") && name.matches(".*attn_[qk]\\.weight")) {
      int heads = name.contains("attn_q") ? number("num_attention_heads") : keyHeads();
      writer.tensor(
          name,
          tensor.type(),
          tensor.shape(),
          to -> {
            for (long row : pairs(tensor.shape()[1], heads)) {
              long bytes = tensor.type().bytes(tensor.shape()[0]);
              GgufWriter.putSegment(to, tensor.data().asSlice(row * bytes, bytes));
            }
          });
    } else {
      MemorySegment data = tensor.data();
      writer.tensor(name, tensor.type(), tensor.shape(), data);
    }
  }

  /** The rows in the order of GGUF: element i of the first half of a head, then of the second. */
  static long[] pairs(long rows, int heads) {
    if (rows % (2L * heads) != 0) {
      throw new IllegalArgumentException("%d rows do not make %d heads".formatted(rows, heads));
    }
    int half = Math.toIntExact(rows / heads / 2);
    long[] order = new long[Math.toIntExact(rows)];
    for (int i = 0; i < order.length; i++) {
      int head = i / (2 * half);
      int within = i % (2 * half);
      order[i] = 2L * half * head + (long) half * (within % 2) + within / 2;
    }
    return order;
  }

  private String name(String theirs) {
    String name = NAMES.get(theirs);
    if (name != null) {
      return name;
    }
    Matcher layer = OF_LAYER.matcher(theirs);
    if (layer.matches()) {
      String part = layer.group(2);
      int dot = part.lastIndexOf('.');
      String of = part.substring(0, Math.max(0, dot));
      String common = LAYER_NAMES.get(of);
      String ours = isGemma() ? GEMMA_LAYER_NAMES.getOrDefault(of, common) : common;
      if (ours != null) {
        return "blk." + layer.group(1) + "." + ours + part.substring(dot);
      }
      if (part.endsWith("rotary_emb.inv_freq")) {
        return part;
      }
    }
    throw new IllegalArgumentException("the tensor " + theirs + " has no place in this model");
  }
}
