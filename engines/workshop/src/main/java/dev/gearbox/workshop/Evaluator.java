package dev.gearbox.workshop;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.PromptScorer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures how well a variant predicts a text, by the protocol of llama-perplexity (see {@link
 * PromptScorer}).
 *
 * @param window tokens in a window
 * @param threads worker threads
 * @param options how keys and values are kept, and what a token sees
 */
public record Evaluator(int window, int threads, CpuOptions options) {

  /**
   * What was measured.
   *
   * @param tokens of the text
   * @param scoredTokens those that had half a window of context
   * @param perplexity e to the {@code nats}
   * @param bitsPerByte bits that the scored tokens took, over the bytes that they stand for: the
   *     measure that compares variants with different tokenizers
   * @param nats mean over the scored tokens of their negative log-probability
   */
  public record Result(
      int tokens, int scoredTokens, double perplexity, double bitsPerByte, double nats) {}

  /**
   * Evaluates.
   *
   * @param lora applied beside the weights; null for none
   * @param percent told how far it is, 0 to 100
   * @throws IllegalArgumentException when the text is shorter than two windows
   */
  public Result evaluate(Path weights, @Nullable AdapterFile lora, String text, IntConsumer percent)
      throws IOException {
    try (GgufFile file = GgufFile.open(weights);
        CpuWorkers workers = new CpuWorkers(threads);
        ModelRunner runner = CpuModel.load(file, workers, options)) {
      ModelAdapter adapter = lora == null ? null : lora.on(runner);
      return evaluate(runner, adapter, Tokenizer.of(file), text, percent);
    }
  }

  private Result evaluate(
      ModelRunner runner,
      @Nullable ModelAdapter adapter,
      Tokenizer tokenizer,
      String text,
      IntConsumer percent) {
    OptionalInt bos = tokenizer.addBos() ? OptionalInt.of(tokenizer.bos()) : OptionalInt.empty();
    int[] tokens = withBos(tokenizer.encode(text, false), bos);
    if (tokens.length < 2 * window) {
      throw new IllegalArgumentException(
          "the text has %d tokens; windows of %d need twice as many: give a longer text or a smaller --context"
              .formatted(tokens.length, window));
    }
    Sum sum = new Sum();
    int[] told = {-1};
    new PromptScorer(runner, window, bos, adapter)
        .score(
            TokenIds.of(tokens),
            (index, logProbability) -> {
              sum.add(logProbability, tokenizer.bytes(tokens[index]).length);
              int done = (int) (100L * (index + 1) / tokens.length);
              if (done != told[0]) {
                told[0] = done;
                percent.accept(done);
              }
            });
    return sum.result(tokens.length);
  }

  private static int[] withBos(int[] tokens, OptionalInt bos) {
    if (bos.isEmpty()) {
      return tokens;
    }
    int[] with = new int[tokens.length + 1];
    with[0] = bos.getAsInt();
    System.arraycopy(tokens, 0, with, 1, tokens.length);
    return with;
  }

  private static final class Sum {
    private double nats;
    private long bytes;
    private int count;

    void add(double logProbability, int length) {
      nats -= logProbability;
      bytes += length;
      count++;
    }

    Result result(int tokens) {
      double mean = nats / count;
      return new Result(tokens, count, Math.exp(mean), nats / Math.log(2) / bytes, mean);
    }
  }
}
