package dev.gearbox.gateway.backup;

import dev.gearbox.gateway.config.Configuration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a gateway keeps what it keeps.
 *
 * @param rules rule files as they are configured, those of the class path left out; the last part
 *     may be a pattern
 * @param records null when decisions are kept in memory alone
 */
public record KeptPlaces(List<Path> rules, @Nullable Path records, Path batches) {
  private static final String FILE = "file:";

  public KeptPlaces {
    rules = List.copyOf(rules);
  }

  /** Those of a configuration. */
  public static KeptPlaces of(Configuration configuration) {
    List<Path> rules = new ArrayList<>();
    for (String name : configuration.gearbox().policy().rules()) {
      if (name.startsWith(FILE)) {
        rules.add(Path.of(name.substring(FILE.length())).toAbsolutePath());
      }
    }
    String records = configuration.gearbox().policy().record().directory();
    return new KeptPlaces(
        rules,
        records == null ? null : Path.of(records).toAbsolutePath(),
        configuration.gearbox().batches().folder().toAbsolutePath());
  }
}
