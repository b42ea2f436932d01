package dev.gearbox.runtime;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A GGUF file with a tokenizer of single bytes, perhaps a chat template, and nothing else. */
final class ToyModelFile {
  /** Id of {@code <s>}; bytes are 0 to 255 in the order of GPT-2's byte alphabet. */
  static final int BOS = 256;

  /** Id of {@code </s>}. */
  static final int EOS = 257;

  private static final int CONTROL = 3;

  private ToyModelFile() {}

  static GgufFile write(Path folder, boolean addBos, @Nullable String template) throws IOException {
    List<String> tokens = new ArrayList<>();
    int moved = 0;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      tokens.add(Character.toString(printable ? b : 256 + moved++));
    }
    tokens.add("<s>");
    tokens.add("</s>");
    int[] kinds = new int[tokens.size()];
    Arrays.fill(kinds, 1);
    kinds[BOS] = CONTROL;
    kinds[EOS] = CONTROL;
    Path path = folder.resolve("toy.gguf");
    GgufWriter writer = new GgufWriter();
    if (template != null) {
      writer.put("tokenizer.chat_template", GgufValue.of(template));
    }
    writer
        .put("general.architecture", GgufValue.of("toy"))
        .put("tokenizer.ggml.model", GgufValue.of("gpt2"))
        .put("tokenizer.ggml.pre", GgufValue.of("gpt-2"))
        .put("tokenizer.ggml.tokens", GgufValue.of(tokens))
        .put("tokenizer.ggml.token_type", GgufValue.of(kinds))
        .put("tokenizer.ggml.merges", GgufValue.of(List.of()))
        .put("tokenizer.ggml.bos_token_id", GgufValue.of(BOS))
        .put("tokenizer.ggml.eos_token_id", GgufValue.of(EOS))
        .put("tokenizer.ggml.add_bos_token", GgufValue.of(addBos))
        .write(path);
    return GgufFile.open(path);
  }
}
