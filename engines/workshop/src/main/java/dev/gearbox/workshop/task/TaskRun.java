package dev.gearbox.workshop.task;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.format.tokenizer.Tokenizer;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Puts tasks to a variant: the likeliest token each time, to the end of the line. Confined to one
 * thread.
 */
public final class TaskRun {
  private static final int ANSWER = 16;
  private static final int TOKENS = 1024;

  private final ModelRunner runner;
  private final @Nullable ModelAdapter adapter;
  private final PromptCodec codec;
  private final StepBatch batch = new StepBatch();
  private final int[] table;
  private final float[] logits;

  /** What the runner's blocks hold the keys and values of: equal beginnings are computed once. */
  private int[] computed = {};

  /**
   * The share of all tasks of each kind that a variant answers to the letter, 0 to 1.
   *
   * @param lora applied beside the weights; null for none
   * @param progress in tasks
   * @throws IllegalArgumentException when the model's context is too short for a task
   */
  public static Map<Task.Kind, Double> shares(
      Path weights, @Nullable AdapterFile lora, int threads, CpuOptions options, Progress progress)
      throws IOException {
    try (GgufFile file = GgufFile.open(weights);
        CpuWorkers workers = new CpuWorkers(threads);
        ModelRunner runner = CpuModel.load(file, workers, options)) {
      ModelAdapter adapter = lora == null ? null : lora.on(runner);
      return new TaskRun(runner, adapter, PromptCodec.of(file)).shares(Task.all(), progress);
    }
  }

  private TaskRun(ModelRunner runner, @Nullable ModelAdapter adapter, PromptCodec codec) {
    this.runner = runner;
    this.adapter = adapter;
    this.codec = codec;
    int tokens = Math.min(TOKENS, runner.maxContext());
    table = IntStream.range(0, tokens / ModelRunner.BLOCK_TOKENS).toArray();
    logits = new float[runner.vocabulary()];
    runner.allocateBlocks(table.length);
  }

  private Map<Task.Kind, Double> shares(List<Task> tasks, Progress progress) {
    Map<Task.Kind, List<Boolean>> right = new EnumMap<>(Task.Kind.class);
    int done = 0;
    for (Task task : tasks) {
      right
          .computeIfAbsent(task.kind(), kind -> new ArrayList<>())
          .add(answer(task.prompt()).equals(task.answer()));
      progress.at(++done, tasks.size());
    }
    Map<Task.Kind, Double> shares = new EnumMap<>(Task.Kind.class);
    right.forEach((kind, all) -> shares.put(kind, share(all)));
    return shares;
  }

  private static double share(List<Boolean> right) {
    return (double) Collections.frequency(right, true) / right.size();
  }

  /** What the model writes behind a prompt on the same line, without blanks around it. */
  private String answer(String prompt) {
    int[] tokens = codec.encodeText(prompt);
    int most = tokens.length + ANSWER;
    int room = table.length * ModelRunner.BLOCK_TOKENS;
    if (most > room) {
      throw new IllegalArgumentException(
          "a task and its answer take %d tokens and this model has room for %d"
              .formatted(most, room));
    }
    Tokenizer tokenizer = codec.tokenizer();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    while (tokens.length < most && !text(said).stripLeading().contains("\n")) {
      int token = next(tokens);
      if (tokenizer.isEndOfGeneration(token) || tokenizer.isControl(token)) {
        break;
      }
      said.writeBytes(tokenizer.bytes(token));
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = token;
    }
    return text(said).strip().lines().findFirst().orElse("").strip();
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** The likeliest token behind some. */
  private int next(int[] tokens) {
    int last = tokens.length - 1;
    int same = Arrays.mismatch(tokens, computed);
    // The last token is computed again where all are there: its logits are not kept.
    int from = Math.min(same < 0 ? last : same, last);
    while (from <= last) {
      int to = Math.min(from + runner.maxStepTokens(), tokens.length);
      batch.clear();
      batch.beginSequence(from, table, adapter);
      for (int i = from; i < to; i++) {
        batch.addToken(tokens[i], i == last);
      }
      runner.step(batch, logits);
      from = to;
    }
    computed = tokens;
    return Sampler.argmax(logits, 0, runner.vocabulary());
  }
}
