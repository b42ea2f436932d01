package dev.gearbox.workshop;

import dev.gearbox.cpu.model.TinyModel;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Small random Gemma 3 models that read a few letters, by scores as SentencePiece does. */
public final class TestingGemma {
  private static final List<String> SPECIAL =
      List.of("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<unused0>", "<end_of_turn>");
  private static final List<String> MERGED =
      List.of(
          "th",
          "he",
          "\u2581t",
          "the",
          "ot",
          "\u2581the",
          "oo",
          "\u2581to",
          "tooth",
          "at",
          "hat",
          "oth");

  private TestingGemma() {}

  /**
   * Writes one, with norms of which one can be taken and given back.
   *
   * @param layers those that the model lacks are copies of its first
   */
  public static Path write(TinyModel model, int layers, Path folder) throws IOException {
    model.tensors.forEach((name, values) -> {
      for (int i = 0; name.endsWith("norm.weight") && i < values.length; i++) {
        values[i] = Math.round(values[i] * 128) / 128f;
      }
    });
    List<String> tokens = new ArrayList<>(SPECIAL);
    tokens.add("\n\n");
    int letters = tokens.size();
    for (String bytes : List.of("<0x0A>", "<0xC3>", "<0xA9>", "<0x2C>")) {
      tokens.add(bytes);
    }
    int merged = tokens.size();
    tokens.addAll(MERGED);
    tokens.addAll(List.of("t", "h", "e", "o", "a", "b", "\u2581"));
    while (tokens.size() < TinyModel.VOCABULARY) {
      tokens.add(Character.toString(0x4e00 + tokens.size()));
    }
    int[] kinds = new int[tokens.size()];
    float[] scores = new float[tokens.size()];
    for (int id = 0; id < kinds.length; id++) {
      kinds[id] = id == 3 ? 2 : id < SPECIAL.size() ? 3 : id < letters ? 4 : id < merged ? 6 : 1;
      scores[id] = -id;
    }
    GgufWriter writer = model.writer().put("gemma3.block_count", GgufValue.of(layers));
    model.tensors.forEach((name, values) -> {
      for (int layer = TinyModel.LAYERS; name.startsWith("blk.0.") && layer < layers; layer++) {
        String copy = name.replace("blk.0.", "blk." + layer + ".");
        writer.tensor(copy, Objects.requireNonNull(model.shapes.get(name)), values);
      }
    });
    Map.of(
            "model", GgufValue.of("llama"),
            "tokens", GgufValue.of(tokens),
            "scores", GgufValue.of(scores),
            "token_type", GgufValue.of(kinds),
            "bos_token_id", GgufValue.of(2),
            "eos_token_id", GgufValue.of(1),
            "unknown_token_id", GgufValue.of(3),
            "add_bos_token", GgufValue.of(true),
            "add_space_prefix", GgufValue.of(false))
        .forEach((key, value) -> writer.put("tokenizer.ggml." + key, value));
    Path path = folder.resolve("gemma.gguf");
    writer.write(path);
    return path;
  }
}
