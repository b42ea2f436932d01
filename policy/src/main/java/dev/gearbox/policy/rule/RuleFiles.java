package dev.gearbox.policy.rule;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Rule files as a configuration names them: {@code classpath:PATH}, {@code file:PATH} whose last
 * part may be a pattern such as {@code *.drl}, or {@code default}. Files that a pattern finds are
 * read in the order of their names. Files that end in {@code .csv} are decision tables.
 *
 * @param names empty for the rules that come with Gearbox
 */
public record RuleFiles(List<String> names) {
  private static final String CLASS_PATH = "classpath:";
  private static final String FILE = "file:";
  private static final String DEFAULT = "default";

  public RuleFiles {
    names = List.copyOf(names);
  }

  /** All texts, in order; what a pattern does not find is no error, a file that is not there is. */
  public List<RuleSource> read() throws IOException {
    List<RuleSource> sources = new ArrayList<>();
    for (String name : names) {
      if (name.equals(DEFAULT)) {
        sources.add(RuleSource.builtIn());
      } else if (name.startsWith(CLASS_PATH)) {
        sources.add(RuleSource.resource(name.substring(CLASS_PATH.length())));
      } else {
        for (Path file : found(path(name))) {
          sources.add(RuleSource.file(file));
        }
      }
    }
    return sources.isEmpty() ? List.of(RuleSource.builtIn()) : List.copyOf(sources);
  }

  /** Names, times and sizes of the files on disk: differs when one of them does. */
  public String fingerprint() throws IOException {
    StringBuilder print = new StringBuilder();
    for (String name : names) {
      if (name.equals(DEFAULT) || name.startsWith(CLASS_PATH)) {
        continue;
      }
      for (Path file : found(path(name))) {
        // A mounted configuration changes by a link that points elsewhere.
        Path real = file.toRealPath();
        print.append(real).append(' ').append(Files.getLastModifiedTime(real).toMillis());
        print.append(' ').append(Files.size(real)).append('\n');
      }
    }
    return print.toString();
  }

  private static Path path(String name) {
    return Path.of(name.startsWith(FILE) ? name.substring(FILE.length()) : name);
  }

  private static List<Path> found(Path path) throws IOException {
    String last = String.valueOf(path.getFileName());
    if (!last.contains("*") && !last.contains("?")) {
      return List.of(path);
    }
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder));
    }
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> matching = Files.newDirectoryStream(folder, last)) {
      matching.forEach(files::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    files.sort(null);
    return files;
  }
}
