package dev.gearbox.gateway.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Names files and folders relative to the configuration that names them.
 *
 * @param config the configuration's file
 */
record Beside(Path config) {
  private static final String FILE = "file:";

  /** Beside a file, or in the working folder where nobody wrote one. */
  static Beside of(@Nullable Path file) {
    return new Beside((file == null ? Path.of("none") : file).toAbsolutePath());
  }

  /** The file of a path, which may be absolute already. */
  String path(String named) {
    return config.resolveSibling(named).toString();
  }

  /** The same; null for none. */
  @Nullable String pathOrNull(@Nullable String named) {
    return named == null ? null : path(named);
  }

  /** The same for what is a file only behind {@code file:}. */
  String url(String named) {
    return named.startsWith(FILE) ? FILE + path(named.substring(FILE.length())) : named;
  }
}
