package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real weights for tests, from the folder that GEARBOX_MODELS names. */
public final class TestingWeights {
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
}
