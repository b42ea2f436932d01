package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Files of many requests.
 *
 * @param directory null for {@code ~/.gearbox/batches}
 * @param inFlight null for what the engines can take
 */
public record BatchConfig(
    @Setting(
            value =
                "Folder of uploaded files, answers and what is known of batches; of one gateway alone",
            optional = true)
        @Nullable String directory,
    @Setting(
            value = "Largest file",
            byDefault = "200MB",
            min = 1024,
            max = 16L * 1024 * 1024 * 1024)
        DataSize maxFile,
    @Setting(value = "Requests of a batch", byDefault = "50000", min = 1, max = 10_000_000)
        int maxRequests,
    @Setting(
            value = "Requests of one batch at once; what the engines can take when absent",
            optional = true,
            min = 1,
            max = 100_000)
        @Nullable Integer inFlight) {

  BatchConfig resolved(Beside config) {
    return new BatchConfig(config.pathOrNull(directory), maxFile, maxRequests, inFlight);
  }

  /** Where everything is kept. */
  public Path folder() {
    return directory == null
        ? Path.of(System.getProperty("user.home"), ".gearbox", "batches")
        : Path.of(directory);
  }
}
