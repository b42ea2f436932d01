package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.Comparison;
import dev.gearbox.workshop.Corpus;
import dev.gearbox.workshop.Evaluator;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.task.Task;
import dev.gearbox.workshop.task.TaskRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates and prints, or writes down, what comes out.
 *
 * @param text to read
 * @param corpus that this is, where what comes out shall be written down; else null
 */
record EvalRun(
    Path weights,
    @Nullable AdapterFile lora,
    String text,
    @Nullable Corpus corpus,
    int context,
    int threads,
    CpuOptions options,
    Screen screen) {

  void run(String name, @Nullable Path reference, boolean tasks, boolean json) throws IOException {
    Map<String, Object> values = new LinkedHashMap<>();
    Evaluator.Result result = measure(name);
    values.put("tokens", result.tokens());
    values.put("scored_tokens", result.scoredTokens());
    values.put("perplexity", result.perplexity());
    values.put("bits_per_byte", result.bitsPerByte());
    values.put("nats", result.nats());
    if (reference != null) {
      Comparison.Result difference = compare(reference);
      values.put("kl_divergence", difference.klDivergence());
      values.put("kl_divergence_p99", difference.klWorst());
      values.put("top_agreement", difference.topAgreement());
    }
    if (tasks) {
      values.put("tasks", tasks());
    }
    print(values, json);
  }

  /** The share of right answers, in all and of each kind. */
  private Map<String, Double> tasks() throws IOException {
    Map<String, Double> shares = new LinkedHashMap<>();
    try (WorkProgress progress = new WorkProgress("asking", screen)) {
      Map<Task.Kind, Double> kinds = TaskRun.shares(weights, lora, threads, options, progress);
      double sum = kinds.values().stream().mapToDouble(share -> share).sum();
      shares.put("all", sum / kinds.size());
      kinds.forEach((kind, share) -> shares.put(kind.toString(), share));
    }
    return shares;
  }

  private Comparison.Result compare(Path reference) throws IOException {
    try (WorkProgress progress = new WorkProgress("comparing", screen)) {
      return new Comparison(context, threads).compare(reference, weights, text, progress);
    }
  }

  /** Evaluates without a word on standard output. */
  Evaluator.Result measure(String name) throws IOException {
    Evaluator.Result result;
    try {
      result = new Evaluator(context, threads, options).evaluate(weights, lora, text, this::show);
    } finally {
      screen.erase();
    }
    Path folder = weights.toAbsolutePath().getParent();
    if (corpus != null && folder != null) {
      String base = WeightStore.sha256(weights);
      QualityLedger.record(
          folder,
          lora == null ? base : lora.ledgerKey(base),
          lora == null ? name : name + "+" + lora.path().getFileName(),
          corpus,
          result);
    }
    return result;
  }

  private void show(int percent) {
    if (screen.isTerminal()) {
      screen.draw("evaluating: " + percent + " %");
    } else if (percent % 10 == 0) {
      screen.err().println("evaluating: " + percent + " %");
    }
  }

  private void print(Map<String, Object> values, boolean json) {
    if (json) {
      screen.out().println(Json.write(values));
    } else {
      values.forEach((key, value) -> screen.out().println(key + ": " + value));
    }
  }
}
