package dev.gearbox.format.tokenizer;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufMetadata;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokens of a model: texts, scores and kinds, with llama.cpp's corrections of the kinds that
 * files state wrongly.
 */
final class Vocabulary {
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private static final Set<String> END_TEXTS =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>",
          "<turn|>",
          "<|tool_response>",
          "<｜end▁of▁sentence｜>",
          "[e~[");

  /** Fill-in-the-middle padding and file separators: generation must not run past them either. */
  private static final Set<String> FILE_END_TEXTS =
      Set.of(
          "<|fim_pad|>",
          "<fim-pad>",
          "<fim_pad>",
          "<PAD>",
          "[PAD]",
          "<|fim_repo|>",
          "<|repo_name|>",
          "<fim-repo>",
          "<REPO>",
          "<reponame>",
          "<|file_sep|>");

  private static final Set<String> FILL_TEXTS =
      Set.of(
          "<|fim_prefix|>",
          "<fim-prefix>",
          "<fim_prefix>",
          "<｜fim▁begin｜>",
          "<PRE>",
          "▁<PRE>",
          "<|fim_suffix|>",
          "<fim-suffix>",
          "<fim_suffix>",
          "<｜fim▁hole｜>",
          "<SUF>",
          "▁<SUF>",
          "<|fim_middle|>",
          "<fim-middle>",
          "<fim_middle>",
          "<｜fim▁end｜>",
          "<MID>",
          "▁<MID>");

  private final List<String> texts;
  private final Map<String, Integer> ids;
  private final int[] kinds;
  private final float[] scores;
  private final BitSet control = new BitSet();
  private final BitSet ends = new BitSet();
  private final int unknown;

  Vocabulary(GgufMetadata metadata) {
    this.texts = metadata.getStrings(TOKENS);
    int size = texts.size();
    if (size == 0) {
      throw new GgufException(GgufException.Code.BAD_VALUE, TOKENS + " is empty");
    }
    this.kinds = metadata.findInts("tokenizer.ggml.token_type").orElseGet(() -> new int[size]);
    this.scores = metadata.findFloats("tokenizer.ggml.scores").orElseGet(() -> new float[size]);
    if (kinds.length != size || scores.length != size) {
      throw new GgufException(
          GgufException.Code.BAD_VALUE,
          "the vocabulary has %d tokens, %d kinds and %d scores"
              .formatted(size, kinds.length, scores.length));
    }
    this.ids = HashMap.newHashMap(size);
    for (int id = 0; id < size; id++) {
      ids.putIfAbsent(texts.get(id), id);
      if (kinds[id] == CONTROL || kinds[id] == UNKNOWN) {
        control.set(id);
      }
    }
    this.unknown = specialId(metadata, "tokenizer.ggml.unknown_token_id", -1);
    findEnds(metadata);
  }

  /** In what the tokens of two models differ; see {@link Tokenizer#difference}. */
  static Optional<String> difference(GgufMetadata one, GgufMetadata other) {
    if (one.raw(TOKENS).bytes().mismatch(other.raw(TOKENS).bytes()) == -1) {
      return Optional.empty();
    }
    List<String> mine = one.getStrings(TOKENS);
    List<String> theirs = other.getStrings(TOKENS);
    if (mine.size() != theirs.size()) {
      return Optional.of(
          "its vocabulary has %d tokens and not %d".formatted(mine.size(), theirs.size()));
    }
    for (int id = 0; id < mine.size(); id++) {
      if (!mine.get(id).equals(theirs.get(id))) {
        return Optional.of(
            "its token %d is '%s' and not '%s'".formatted(id, mine.get(id), theirs.get(id)));
      }
    }
    return Optional.empty();
  }

  private void findEnds(GgufMetadata metadata) {
    markAll(END_TEXTS, true);
    markAll(FILE_END_TEXTS, true);
    markAll(FILL_TEXTS, false);
    for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
      int id = specialId(metadata, "tokenizer.ggml." + key, -1);
      if (id >= 0) {
        ends.set(id);
      }
    }
  }

  private void markAll(Set<String> names, boolean end) {
    for (String name : names) {
      int id = idOf(name);
      if (id >= 0) {
        control.set(id);
        ends.set(id, ends.get(id) || end);
      }
    }
  }

  /** The id under a key, or the fallback where the key is absent. */
  int specialId(GgufMetadata metadata, String key, int fallback) {
    int id = metadata.getInt(key, fallback);
    if (id < -1 || id >= texts.size()) {
      throw new GgufException(
          GgufException.Code.BAD_VALUE, "%s is %d, of %d tokens".formatted(key, id, texts.size()));
    }
    return id;
  }

  int size() {
    return texts.size();
  }

  String text(int id) {
    return texts.get(id);
  }

  /** The id of a text, or −1. */
  int idOf(String text) {
    return ids.getOrDefault(text, -1);
  }

  float score(int id) {
    return scores[id];
  }

  int unknown() {
    return unknown;
  }

  boolean isControl(int id) {
    return control.get(id);
  }

  boolean isUserDefined(int id) {
    return kinds[id] == USER_DEFINED;
  }

  boolean isUnused(int id) {
    return kinds[id] == UNUSED;
  }

  boolean isEnd(int id) {
    return ends.get(id);
  }

  /** The byte that a byte token stands for, or −1. */
  int byteValue(int id) {
    if (kinds[id] != BYTE) {
      return -1;
    }
    String text = texts.get(id);
    try {
      return text.length() == 6 ? Integer.parseInt(text, 3, 5, 16) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
