package dev.gearbox.workshop;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.PromptScorer;
import dev.gearbox.runtime.sample.Logprobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * How a variant's predictions differ from those of a reference with the same vocabulary, token by
 * token over the second halves of windows of a text.
 *
 * @param window tokens in a window
 * @param threads worker threads
 */
public record Comparison(int window, int threads) {
  /**
   * What was found.
   *
   * @param rows predictions compared
   * @param klDivergence mean of KL(reference ‖ variant), in nats
   * @param klWorst its 99th percentile
   * @param topAgreement share of the tokens for which both find the same token likeliest, 0 to 1
   */
  public record Result(int rows, double klDivergence, double klWorst, double topAgreement) {}

  /**
   * Compares; both models are in memory.
   *
   * @param progress in windows
   * @throws IllegalArgumentException when the text is too short, or the vocabularies differ
   */
  public Result compare(Path reference, Path variant, String text, Progress progress)
      throws IOException {
    try (GgufFile first = GgufFile.open(reference);
        GgufFile second = GgufFile.open(variant);
        CpuWorkers workers = new CpuWorkers(threads);
        ModelRunner better = CpuModel.load(first, workers, CpuOptions.DEFAULT);
        ModelRunner other = CpuModel.load(second, workers, CpuOptions.DEFAULT)) {
      if (better.vocabulary() != other.vocabulary()) {
        throw new IllegalArgumentException(
            "the reference has %d tokens and the variant %d: they cannot be compared"
                .formatted(better.vocabulary(), other.vocabulary()));
      }
      Tokenizer tokenizer = Tokenizer.of(first);
      OptionalInt bos = tokenizer.addBos() ? OptionalInt.of(tokenizer.bos()) : OptionalInt.empty();
      Rows rows = new Rows(better.vocabulary(), window);
      PromptScorer wanted = new PromptScorer(better, window, bos);
      PromptScorer found = new PromptScorer(other, window, bos);
      int[] tokens = tokenizer.encode(text, false);
      int windows = tokens.length / window;
      if (windows < 2) {
        throw new IllegalArgumentException(
            "the text has %d tokens; windows of %d need twice as many"
                .formatted(tokens.length, window));
      }
      for (int i = 0; i < windows; i++) {
        TokenIds here = TokenIds.of(Arrays.copyOfRange(tokens, i * window, (i + 1) * window));
        rows.begin();
        wanted.rows(here, (index, token, logits, from) -> rows.expect(logits, from));
        rows.begin();
        found.rows(here, (index, token, logits, from) -> rows.compare(logits, from));
        progress.at(i + 1L, windows);
      }
      return rows.result();
    }
  }

  /** The reference's logits of one window, and what comparing came to. */
  private static final class Rows {
    private final int vocabulary;
    private final float[] expected;
    private double[] divergences = new double[1024];
    private int next;
    private int count;
    private int agreed;

    Rows(int vocabulary, int window) {
      this.vocabulary = vocabulary;
      expected = new float[Math.multiplyExact(vocabulary, window / 2)];
    }

    void begin() {
      next = 0;
    }

    void expect(float[] logits, int from) {
      System.arraycopy(logits, from, expected, next, vocabulary);
      next += vocabulary;
    }

    void compare(float[] logits, int from) {
      double wanted = Logprobs.logSumExp(expected, next, vocabulary);
      double found = Logprobs.logSumExp(logits, from, vocabulary);
      double divergence = 0;
      int top = 0;
      int otherTop = 0;
      for (int i = 0; i < vocabulary; i++) {
        double p = expected[next + i] - wanted;
        divergence += Math.exp(p) * (p - (logits[from + i] - found));
        top = expected[next + i] > expected[next + top] ? i : top;
        otherTop = logits[from + i] > logits[from + otherTop] ? i : otherTop;
      }
      next += vocabulary;
      agreed += top == otherTop ? 1 : 0;
      if (count == divergences.length) {
        divergences = Arrays.copyOf(divergences, 2 * count);
      }
      divergences[count++] = divergence;
    }

    Result result() {
      double[] sorted = Arrays.copyOf(divergences, count);
      Arrays.sort(sorted);
      double mean = Arrays.stream(sorted).average().orElse(0);
      return new Result(count, mean, sorted[count * 99 / 100], (double) agreed / count);
    }
  }
}
