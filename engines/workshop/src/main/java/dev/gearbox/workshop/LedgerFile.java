package dev.gearbox.workshop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of measurements beside the weights, in JSON.
 *
 * @param name of the file
 * @param layout what it holds
 * @param command what writes it, for whoever has to
 */
record LedgerFile<T>(String name, Class<T> layout, String command) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * What it holds, or {@code none} where it is not there.
   *
   * @throws IOException when it cannot be read
   */
  T read(Path folder, T none) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      return none;
    }
    try {
      return parse(Files.readString(file));
    } catch (JacksonException e) {
      throw new IOException(
          "%s is broken: %s; delete it and run %s".formatted(file, e.getOriginalMessage(), command),
          e);
    }
  }

  T parse(String text) {
    return MAPPER.readValue(text, layout);
  }

  /** Writes beside the file and renames, so that nobody reads a half. */
  void write(Path folder, T content) throws IOException {
    Path written = Files.createTempFile(folder, "." + name + "-", ".part");
    try {
      Files.writeString(written, MAPPER.writeValueAsString(content) + "\n");
      Files.move(written, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(written);
    }
  }
}
