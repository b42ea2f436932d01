package dev.gearbox.gateway.cli;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.gateway.dispatch.Silicon;
import dev.gearbox.runtime.DraftSpec;
import dev.gearbox.workshop.FetchException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A small model that guesses for the one that answers. */
final class DraftOption {
  @Option(
      names = "--draft",
      paramLabel = "FILE|VARIANT",
      description =
          "A small model with the same vocabulary that guesses tokens ahead; answers stay the same.")
  private @Nullable String draft;

  @Option(
      names = "--draft-tokens",
      paramLabel = "N",
      defaultValue = "4",
      description = "Tokens that it guesses ahead at most (default: ${DEFAULT-VALUE}).")
  private int tokens;

  /**
   * Who guesses.
   *
   * @param name as it was given
   */
  record Draft(String name, Path file, int tokens) {
    /** Loads it for the model of {@code target}. */
    DraftSpec load(GgufFile target, Silicon silicon) throws IOException {
      try (GgufFile gguf = GgufFile.open(file)) {
        return silicon.loadDraft(name, gguf, target, tokens);
      }
    }
  }

  /** The draft, fetched when it has to be; null when none is asked for. */
  @Nullable Draft resolve(WeightsOption weights, Screen screen)
      throws FetchException, InterruptedException {
    if (draft == null) {
      return null;
    }
    if (tokens < 1 || tokens > 64) {
      throw new WrongUsageException("--draft-tokens must be 1 to 64, got " + tokens);
    }
    return new Draft(draft, weights.resolve(draft, screen), tokens);
  }
}
