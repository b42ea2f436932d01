package dev.gearbox.format.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Real weights for tests, from the folder that GEARBOX_MODELS names. */
public final class TestingModels {
  private TestingModels() {}

  /** Opens a model by its file name. */
  public static GgufFile open(String name) throws IOException {
    Path folder =
        Optional.ofNullable(System.getProperty("GEARBOX_MODELS"))
            .or(() -> Optional.ofNullable(System.getenv("GEARBOX_MODELS")))
            .map(Path::of)
            .orElseGet(() -> Path.of(System.getProperty("user.home"), ".gearbox", "models"));
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      throw new AssertionError(
          "this test needs %s: run ./gearbox pull, or set GEARBOX_MODELS to the folder that has it"
              .formatted(file));
    }
    return GgufFile.open(file);
  }
}
