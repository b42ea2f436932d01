package dev.gearbox.workshop;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.model.Probe;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.PromptScorer;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A model that reads a calibration text window after window, with a probe that looks on. Confined
 * to one thread.
 */
public final class Reading implements AutoCloseable {
  private static final int WINDOW = 512;
  private static final int FEWEST_WINDOWS = 2;

  private final ModelRunner runner;
  private final PromptScorer scorer;

  /** The model of a file, which may be closed afterwards. */
  public Reading(GgufFile file, CpuWorkers workers, Probe probe) {
    runner = CpuModel.load(file, workers, CpuOptions.DEFAULT, probe);
    int window = Math.min(WINDOW, runner.maxContext());
    scorer = new PromptScorer(runner, window, OptionalInt.empty());
  }

  /**
   * The windows of a text, each with BOS in place of its first token where the model wants it.
   *
   * @throws IllegalArgumentException when it is too short to learn anything from
   */
  public static int[][] windows(GgufFile file, String text) {
    Tokenizer tokenizer = Tokenizer.of(file);
    int most = file.metadata().getInt(architecture(file) + ".context_length");
    int window = Math.min(WINDOW, most);
    int[] tokens = tokenizer.encode(text, false);
    int count = tokens.length / window;
    if (count < FEWEST_WINDOWS) {
      throw new IllegalArgumentException(
          "the calibration text has %d tokens; it takes %d at the very least, and better 16000"
              .formatted(tokens.length, FEWEST_WINDOWS * window));
    }
    int[][] windows = new int[count][];
    for (int i = 0; i < count; i++) {
      windows[i] = Arrays.copyOfRange(tokens, i * window, (i + 1) * window);
      if (tokenizer.addBos()) {
        windows[i][0] = tokenizer.bos();
      }
    }
    return windows;
  }

  private static String architecture(GgufFile file) {
    return file.metadata().getString("general.architecture");
  }

  /** Reads one window; the probe sees it go by. */
  public void read(int[] window) {
    scorer.score(TokenIds.of(window), (index, logProbability) -> {});
  }

  /**
   * Lets the model of a file read a whole text.
   *
   * @param progress in windows
   * @throws IllegalArgumentException when the text is too short to learn anything from
   */
  public static void all(
      GgufFile file, String text, CpuWorkers workers, Probe probe, Progress progress) {
    int[][] windows = windows(file, text);
    try (Reading reading = new Reading(file, workers, probe)) {
      for (int i = 0; i < windows.length; i++) {
        reading.read(windows[i]);
        progress.at(i + 1L, windows.length);
      }
    }
  }

  @Override
  public void close() {
    runner.close();
  }
}
