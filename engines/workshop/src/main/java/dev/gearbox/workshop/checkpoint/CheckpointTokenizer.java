package dev.gearbox.workshop.checkpoint;

import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A byte-level BPE tokenizer in {@code tokenizer.json}, with what {@code tokenizer_config.json}
 * says beside it, as the keys of a GGUF file.
 *
 * @param vocabulary rows of the embedding: ids without a token are filled up
 */
record CheckpointTokenizer(Path folder, JsonNode config, int vocabulary) {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  void put(GgufWriter writer) throws IOException {
    JsonNode json = Checkpoint.json(folder.resolve("tokenizer.json"));
    JsonNode model = json.path("model");
    if (!model.path("type").asString("").equals("BPE")) {
      throw new IllegalArgumentException(
          "%s: the tokenizer is %s; byte-level BPE is read".formatted(folder, model.path("type")));
    }
    String[] tokens = new String[vocabulary];
    int[] kinds = new int[vocabulary];
    for (Map.Entry<String, JsonNode> each : model.path("vocab").properties()) {
      set(tokens, kinds, each.getValue().asInt(-1), each.getKey(), NORMAL);
    }
    for (JsonNode added : json.path("added_tokens")) {
      int kind = added.path("special").asBoolean(false) ? CONTROL : USER_DEFINED;
      set(tokens, kinds, added.path("id").asInt(-1), added.path("content").asString(""), kind);
    }
    for (int id = 0; id < vocabulary; id++) {
      if (kinds[id] == 0) {
        set(tokens, kinds, id, "[PAD" + id + "]", UNUSED);
      }
    }
    writer
        .put("tokenizer.ggml.model", GgufValue.of("gpt2"))
        .put("tokenizer.ggml.pre", GgufValue.of(words(json.path("pre_tokenizer"))))
        .put("tokenizer.ggml.tokens", GgufValue.of(Arrays.asList(tokens)))
        .put("tokenizer.ggml.token_type", GgufValue.of(kinds))
        .put("tokenizer.ggml.merges", GgufValue.of(merges(model.path("merges"))));
    putConfiguration(writer);
  }

  private void set(String[] tokens, int[] kinds, int id, String token, int kind) {
    if (id < 0 || id >= vocabulary) {
      throw new IllegalArgumentException(
          "%s: token '%s' has the id %d, of %d".formatted(folder, token, id, vocabulary));
    }
    tokens[id] = token;
    kinds[id] = kind;
  }

  /** Newer files have pairs, older ones texts with a space. */
  private static List<String> merges(JsonNode merges) {
    List<String> all = new ArrayList<>();
    for (JsonNode merge : merges) {
      all.add(
          merge.isArray()
              ? merge.get(0).asString() + " " + merge.get(1).asString()
              : merge.asString());
    }
    return all;
  }

  /** The name that GGUF gives to how texts are cut into words. */
  private String words(JsonNode cutter) {
    String written = cutter.toString();
    if (written.contains("\\\\p{N}{1,3}")) {
      return "llama-bpe";
    }
    if (written.contains("|\\\\p{N}|")) {
      return "qwen2";
    }
    if (written.contains("\"Digits\"") && written.contains("\"individual_digits\":true")) {
      return "smollm";
    }
    if (written.contains("\"ByteLevel\"") && !written.contains("\"Split\"")) {
      return "gpt-2";
    }
    throw new IllegalArgumentException(
        folder + ": tokenizer.json cuts words in a way that is not read");
  }

  private void putConfiguration(GgufWriter writer) throws IOException {
    putId(writer, "bos_token_id", "tokenizer.ggml.bos_token_id");
    putId(writer, "eos_token_id", "tokenizer.ggml.eos_token_id");
    Path beside = folder.resolve("tokenizer_config.json");
    JsonNode more = Files.exists(beside) ? Checkpoint.json(beside) : null;
    boolean bos = more != null && more.path("add_bos_token").asBoolean(false);
    writer.put("tokenizer.ggml.add_bos_token", GgufValue.of(bos));
    if (more != null && more.path("chat_template").isString()) {
      writer.put("tokenizer.chat_template", GgufValue.of(more.path("chat_template").asString()));
    }
  }

  private void putId(GgufWriter writer, String from, String to) {
    JsonNode id = config.path(from).isArray() ? config.path(from).path(0) : config.path(from);
    if (id.isInt()) {
      writer.put(to, GgufValue.of(id.asInt()));
    }
  }
}
