package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Real weights for tests, from the folder that GEARBOX_MODELS names. */
public final class TestingWeights {
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.");

  private TestingWeights() {}

  /** SmolLM2 135M. */
  public static Path smolLm2() {
    String folder = System.getProperty("GEARBOX_MODELS", System.getenv("GEARBOX_MODELS"));
    Path models =
        folder == null
            ? Path.of(System.getProperty("user.home"), ".gearbox", "models")
            : Path.of(folder);
    Path file = models.resolve("smollm2-135m-instruct-q4_1.gguf");
    assertThat(Files.isRegularFile(file))
        .as("%s is needed: run ./gearbox pull smollm2, or set GEARBOX_MODELS", file)
        .isTrue();
    return file;
  }

  /**
   * SmolLM2 with its first layers alone, written to {@code target}: it says nothing of sense, on
   * the same tokenizer and kinds of weights in a fraction of the time.
   */
  public static Path shallow(int layers, Path target) throws IOException {
    try (GgufFile whole = GgufFile.open(smolLm2())) {
      GgufWriter writer = new GgufWriter();
      whole.metadata().keys().forEach(key -> writer.put(key, whole.metadata().raw(key)));
      writer.put("llama.block_count", GgufValue.of(layers));
      for (GgufTensor tensor : whole.tensors().values()) {
        Matcher layer = LAYER.matcher(tensor.name());
        if (!layer.lookingAt() || Integer.parseInt(layer.group(1)) < layers) {
          writer.tensor(tensor.name(), tensor.type(), tensor.shape(), tensor.data());
        }
      }
      writer.write(target);
    }
    return target;
  }
}
