package dev.gearbox.workshop;

import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An adapter on this machine and how strongly it is applied.
 *
 * @param path of the GGUF file
 * @param factor on the scale that the file gives; 1 for the file's own
 */
public record AdapterFile(Path path, float factor) {
  public AdapterFile {
    if (!Float.isFinite(factor)) {
      throw new IllegalArgumentException("the scale must be a finite number, got " + factor);
    }
  }

  /**
   * Reads {@code FILE} or {@code FILE:SCALE}.
   *
   * @throws IllegalArgumentException when there is no such file
   */
  public static AdapterFile parse(String written) {
    if (Files.isRegularFile(Path.of(written))) {
      return new AdapterFile(Path.of(written), 1);
    }
    int colon = written.lastIndexOf(':');
    Path path = Path.of(colon < 0 ? written : written.substring(0, colon));
    if (!Files.isRegularFile(path)) {
      throw new IllegalArgumentException("there is no adapter file " + path);
    }
    try {
      return new AdapterFile(path, Float.parseFloat(written.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "the scale behind the adapter's file must be a number, got '"
              + written.substring(colon + 1)
              + "'",
          e);
    }
  }

  /**
   * What it adds to a model.
   *
   * @throws RuntimeException when it does not fit the model; the message says why
   */
  public ModelAdapter on(ModelRunner runner) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      return runner.adapter(LoraAdapter.of(file), factor);
    }
  }

  /** Its key in the {@link QualityLedger} on weights of that SHA-256. */
  public String ledgerKey(String base) throws IOException {
    String key = base + "+" + WeightStore.sha256(path);
    return factor == 1 ? key : key + "*" + factor;
  }
}
