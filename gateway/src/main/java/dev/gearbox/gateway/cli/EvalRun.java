package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.Comparison;
import dev.gearbox.workshop.Evaluator;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.task.Task;
import dev.gearbox.workshop.task.TaskRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates and prints, or writes down, what comes out. */
record EvalRun(
    Path weights,
    @Nullable AdapterFile lora,
    @Nullable Path text,
    int context,
    int threads,
    CpuOptions options,
    Screen screen) {

  void run(String name, boolean record, @Nullable Path reference, boolean tasks, boolean json)
      throws IOException {
    Map<String, Object> values = new LinkedHashMap<>();
    Evaluator.Result result = measure(name, record);
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
      return new Comparison(context, threads).compare(reference, weights, content(), progress);
    }
  }

  private String content() throws IOException {
    return text == null ? QualityLedger.corpus() : Files.readString(text);
  }

  /** Evaluates without a word on standard output. */
  Evaluator.Result measure(String name, boolean record) throws IOException {
    String content = content();
    Evaluator.Result result;
    try {
      result =
          new Evaluator(context, threads, options).evaluate(weights, lora, content, this::show);
    } finally {
      screen.erase();
    }
    if (record) {
      QualityLedger.Entry entry =
          new QualityLedger.Entry(
              lora == null ? name : name + "+" + lora.path().getFileName(),
              QualityLedger.corpusSha256(),
              context,
              result.tokens(),
              result.scoredTokens(),
              result.perplexity(),
              result.bitsPerByte());
      Path folder = weights.toAbsolutePath().getParent();
      if (folder != null) {
        String base = WeightStore.sha256(weights);
        QualityLedger.record(folder, lora == null ? base : lora.ledgerKey(base), entry);
      }
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
