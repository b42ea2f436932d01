package dev.gearbox.policy.rule;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The text of one rule file.
 *
 * @param name file name, for messages
 * @param text DRL, or a decision table when the name ends in {@code .csv}
 */
public record RuleSource(String name, String text) {
  private static final String DEFAULT = "policy/default.drl";

  /** The rules that come with Gearbox. */
  public static RuleSource builtIn() {
    return resource(DEFAULT);
  }

  /** A rule file on the class path. */
  public static RuleSource resource(String path) {
    try (InputStream in = RuleSource.class.getClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("no rule file classpath:" + path);
      }
      return new RuleSource(path, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("reading classpath:" + path, e);
    }
  }

  /** A rule file on disk. */
  public static RuleSource file(Path path) throws IOException {
    return new RuleSource(path.toString(), Files.readString(path));
  }
}
