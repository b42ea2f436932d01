package dev.gearbox.workshop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** What this machine is. */
public final class Machine {
  private Machine() {}

  /** The processor's name with its vendor's family and model, as Linux tells them. */
  public static String cpu() {
    String name = field("model name").orElse(System.getProperty("os.arch"));
    String ids =
        field("cpu family")
            .flatMap(f -> field("model\t").map(m -> " (family " + f + ", model " + m + ")"))
            .orElse("");
    return name + ids + ", " + Runtime.getRuntime().availableProcessors() + " cores";
  }

  private static Optional<String> field(String key) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(l -> l.startsWith(key))
          .findFirst()
          .map(l -> l.substring(l.indexOf(':') + 1).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
