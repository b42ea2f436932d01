package dev.gearbox.format.tokenizer;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Small vocabularies: 256 byte tokens, a few merges, {@code <|im_start|>} and {@code <|im_end|>} as
 * control tokens.
 */
public final class TestingVocabulary {
  /** The id of {@code <|im_start|>}. */
  public static final int START = 256;

  /** The id of {@code <|im_end|>}, the end of generation. */
  public static final int END = 257;

  private TestingVocabulary() {}

  /** A byte-level BPE tokenizer with a pre-tokenizer. */
  public static Tokenizer bytePair(Path folder, String pre) throws IOException {
    List<String> tokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      tokens.add(String.valueOf(ByteAlphabet.character((byte) b)));
    }
    tokens.addAll(List.of("<|im_start|>", "<|im_end|>", "he", "ll", "hell", "hello", "aa", "aaaa"));
    int[] kinds = new int[tokens.size()];
    Arrays.fill(kinds, 1);
    kinds[START] = 3;
    kinds[END] = 3;
    Path path = folder.resolve(pre + ".gguf");
    new GgufWriter()
        .put("tokenizer.ggml.model", GgufValue.of("gpt2"))
        .put("tokenizer.ggml.pre", GgufValue.of(pre))
        .put("tokenizer.ggml.tokens", GgufValue.of(tokens))
        .put("tokenizer.ggml.token_type", GgufValue.of(kinds))
        .put(
            "tokenizer.ggml.merges",
            GgufValue.of(List.of("h e", "l l", "he ll", "hell o", "a a", "aa aa")))
        .put("tokenizer.ggml.bos_token_id", GgufValue.of(START))
        .put("tokenizer.ggml.eos_token_id", GgufValue.of(END))
        .write(path);
    try (GgufFile file = GgufFile.open(path)) {
      return Tokenizer.of(file);
    }
  }

  /** A SentencePiece tokenizer with byte fallback, {@code <s>} as BOS, and no prefix space. */
  public static Tokenizer sentencePiece(Path folder) throws IOException {
    List<String> tokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(List.of("<s>", "</s>", "h", "i", "\u2581", "hi", "\u2581hi", "\n\n"));
    int[] kinds = new int[tokens.size()];
    Arrays.fill(kinds, 0, 256, 6);
    Arrays.fill(kinds, 256, kinds.length, 1);
    kinds[256] = 3;
    kinds[257] = 3;
    kinds[263] = 4;
    float[] scores = new float[tokens.size()];
    scores[261] = -1;
    scores[262] = -2;
    Path path = folder.resolve("sentencepiece.gguf");
    new GgufWriter()
        .put("tokenizer.ggml.model", GgufValue.of("llama"))
        .put("tokenizer.ggml.tokens", GgufValue.of(tokens))
        .put("tokenizer.ggml.token_type", GgufValue.of(kinds))
        .put("tokenizer.ggml.scores", GgufValue.of(scores))
        .put("tokenizer.ggml.bos_token_id", GgufValue.of(256))
        .put("tokenizer.ggml.eos_token_id", GgufValue.of(257))
        .put("tokenizer.ggml.add_space_prefix", GgufValue.of(false))
        .write(path);
    try (GgufFile file = GgufFile.open(path)) {
      return Tokenizer.of(file);
    }
  }
}
