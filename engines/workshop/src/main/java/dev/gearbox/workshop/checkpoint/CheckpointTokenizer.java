package dev.gearbox.workshop.checkpoint;

import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * A BPE tokenizer in {@code tokenizer.json}, with what {@code tokenizer_config.json} says beside
 * it, as the keys of a GGUF file: byte-level, or what was made of a SentencePiece vocabulary, which
 * falls back to bytes. Merges of the latter stand for the scores that they were made of: the token
 * that comes of the first has the highest.
 *
 * @param vocabulary rows of the embedding: ids without a token are filled up
 */
record CheckpointTokenizer(Path folder, JsonNode config, int vocabulary) {
  private static final float NEVER_MERGED = -1000;
  private static final Pattern BYTE_TOKEN = Pattern.compile("<0x[0-9A-F]{2}>");
  private static final Pattern RESERVED_TOKEN = Pattern.compile("<(mask|unused\\d+)>");
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  void put(GgufWriter writer) throws IOException {
    JsonNode json = Checkpoint.json(folder.resolve("tokenizer.json"));
    JsonNode model = json.path("model");
    if (!model.path("type").asString("").equals("BPE")) {
      throw new IllegalArgumentException(
          "%s: the tokenizer is %s; BPE is read".formatted(folder, model.path("type")));
    }
    boolean pieces = model.path("byte_fallback").asBoolean(false);
    String[] tokens = new String[vocabulary];
    int[] kinds = new int[vocabulary];
    for (Map.Entry<String, JsonNode> each : model.path("vocab").properties()) {
      boolean isByte = pieces && BYTE_TOKEN.matcher(each.getKey()).matches();
      set(tokens, kinds, each.getValue().asInt(-1), each.getKey(), isByte ? BYTE : NORMAL);
    }
    for (JsonNode added : json.path("added_tokens")) {
      int id = added.path("id").asInt(-1);
      String text = added.path("content").asString("");
      boolean control =
          added.path("special").asBoolean(false) || RESERVED_TOKEN.matcher(text).matches();
      // A model without eyes lacks the row of the token that stands for images.
      if (!pieces || id < vocabulary) {
        set(tokens, kinds, id, text, control ? CONTROL : USER_DEFINED);
      }
    }
    for (int id = 0; id < vocabulary; id++) {
      if (kinds[id] == 0) {
        set(tokens, kinds, id, "[PAD" + id + "]", UNUSED);
      }
    }
    if (pieces) {
      putPieces(writer, json, tokens, kinds);
    } else {
      writer
          .put("tokenizer.ggml.model", GgufValue.of("gpt2"))
          .put("tokenizer.ggml.pre", GgufValue.of(words(json.path("pre_tokenizer"))))
          .put("tokenizer.ggml.merges", GgufValue.of(merges(model.path("merges"), " ")));
    }
    writer
        .put("tokenizer.ggml.tokens", GgufValue.of(Arrays.asList(tokens)))
        .put("tokenizer.ggml.token_type", GgufValue.of(kinds));
    putConfiguration(writer, pieces);
  }

  private void putPieces(GgufWriter writer, JsonNode json, String[] tokens, int[] kinds) {
    Map<String, Integer> ranks = new HashMap<>();
    for (String merged : merges(json.path("model").path("merges"), "")) {
      ranks.putIfAbsent(merged, ranks.size());
    }
    float[] scores = new float[vocabulary];
    String unknown = json.path("model").path("unk_token").asString("");
    for (int id = 0; id < vocabulary; id++) {
      boolean merges = kinds[id] == NORMAL || kinds[id] == BYTE;
      scores[id] = merges ? -ranks.getOrDefault(tokens[id], 0) : NEVER_MERGED;
      if (tokens[id].equals(unknown)) {
        kinds[id] = UNKNOWN;
        writer.put("tokenizer.ggml.unknown_token_id", GgufValue.of(id));
      }
    }
    boolean prefix = json.path("normalizer").toString().contains("\"Prepend\"");
    writer
        .put("tokenizer.ggml.model", GgufValue.of("llama"))
        .put("tokenizer.ggml.pre", GgufValue.of("default"))
        .put("tokenizer.ggml.scores", GgufValue.of(scores))
        .put("tokenizer.ggml.add_space_prefix", GgufValue.of(prefix));
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
  private static List<String> merges(JsonNode merges, String between) {
    List<String> all = new ArrayList<>();
    for (JsonNode merge : merges) {
      all.add(
          merge.isArray()
              ? merge.get(0).asString() + between + merge.get(1).asString()
              : merge.asString().replaceFirst(" ", between));
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

  private void putConfiguration(GgufWriter writer, boolean pieces) throws IOException {
    putId(writer, "bos_token_id", "tokenizer.ggml.bos_token_id");
    putId(writer, "eos_token_id", "tokenizer.ggml.eos_token_id");
    Path beside = folder.resolve("tokenizer_config.json");
    JsonNode more = Files.exists(beside) ? Checkpoint.json(beside) : null;
    boolean bos = more == null ? pieces : more.path("add_bos_token").asBoolean(pieces);
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
