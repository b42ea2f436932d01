package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.gateway.cli.LlamaBench.Speed;
import dev.gearbox.gateway.dispatch.Silicon;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures a model as llama-bench does: a prompt from an empty context, then tokens one by one from
 * an empty context. A peer runs in turns with it, so that both meet the same moods of the machine.
 */
record EngineBench(
    Path file,
    int promptTokens,
    int generatedTokens,
    int depth,
    DeviceOption.Chosen chosen,
    CpuOptions options,
    int repeat,
    List<Integer> batches,
    @Nullable LlamaBench peer,
    @Nullable AdapterFile lora,
    Screen screen) {

  void run(String name, boolean json) throws IOException, InterruptedException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model", name);
    result.put("cpu", Machine.cpu());
    result.put("device", chosen.name());
    result.put("threads", chosen.threads());
    result.put("kv_cache_type", options.kvCacheType().toString());
    result.put("attention", options.attention().toString());
    try (Silicon silicon = chosen.start();
        ModelRunner runner = load(silicon)) {
      int widest = Math.max(1, batches.stream().mapToInt(Integer::intValue).max().orElse(1));
      Steps steps = new Steps(runner, promptTokens, generatedTokens, depth, widest);
      alternate(steps, result);
      if (!batches.isEmpty()) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int size : batches) {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("size", size);
          row.put("decode_tokens_per_second", round(median(steps::decode, size)));
          rows.add(row);
        }
        result.put("batch", rows);
      }
      if (lora != null) {
        result.put("lora", adapted(steps, adapter(runner, lora)));
      }
    }
    if (json) {
      screen.out().println(Json.write(result));
    } else {
      result.forEach((key, value) -> screen.out().println(key + ": " + value));
    }
  }

  private ModelRunner load(Silicon silicon) throws IOException {
    try (GgufFile gguf = GgufFile.open(file)) {
      return silicon.load(gguf, options);
    }
  }

  private static ModelAdapter adapter(ModelRunner runner, AdapterFile file) throws IOException {
    try (GgufFile gguf = GgufFile.open(file.path())) {
      return runner.adapter(LoraAdapter.of(gguf), file.factor());
    }
  }

  /** Prefill and every size of batch with the adapter and without, in turns. */
  private Map<String, Object> adapted(Steps steps, ModelAdapter adapter) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("rank", adapter.rank());
    result.put("bytes", adapter.bytes());
    result.put("prefill", adapted(steps, adapter, ignored -> steps.prefill(), 1));
    for (int size : batches) {
      result.put("decode_" + size, adapted(steps, adapter, steps::decode, size));
    }
    return result;
  }

  private Map<String, Double> adapted(
      Steps steps, ModelAdapter adapter, Measure measure, int size) {
    List<Double> with = new ArrayList<>();
    List<Double> without = new ArrayList<>();
    for (int i = -1; i < repeat; i++) {
      steps.carry(adapter);
      double carried = measure.run(size);
      steps.carry(null);
      double bare = measure.run(size);
      // The first round warms up.
      if (i >= 0) {
        with.add(carried);
        without.add(bare);
      }
    }
    double ratio = median(with) / median(without);
    return Map.of(
        "with", round(median(with)), "without", round(median(without)), "ratio", round(ratio));
  }

  private void alternate(Steps steps, Map<String, Object> result)
      throws IOException, InterruptedException {
    steps.prefill();
    steps.decode(1);
    List<Double> prefill = new ArrayList<>();
    List<Double> decode = new ArrayList<>();
    List<Double> peerPrefill = new ArrayList<>();
    List<Double> peerDecode = new ArrayList<>();
    for (int i = 0; i < repeat; i++) {
      prefill.add(steps.prefill());
      decode.add(steps.decode(1));
      if (peer != null) {
        Speed speed = peer.run();
        peerPrefill.add(speed.prefill());
        peerDecode.add(speed.decode());
      }
    }
    result.put("prefill_tokens_per_second", round(median(prefill)));
    result.put("decode_tokens_per_second", round(median(decode)));
    if (peer != null) {
      result.put(
          "llama_cpp",
          Map.of(
              "prefill_tokens_per_second", round(median(peerPrefill)),
              "decode_tokens_per_second", round(median(peerDecode))));
      result.put(
          "ratio",
          Map.of(
              "prefill", round(median(prefill) / median(peerPrefill)),
              "decode", round(median(decode) / median(peerDecode))));
    }
  }

  /** Tokens per second of a batch of some size. */
  private interface Measure {
    double run(int size);
  }

  private double median(Measure measure, int size) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < repeat; i++) {
      values.add(measure.run(size));
    }
    return median(values);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static double round(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
