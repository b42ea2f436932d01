package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.workshop.checkpoint.Checkpoint;
import dev.gearbox.workshop.quantize.Importance;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Weights in fewer bits. */
@Command(
    name = "quantize",
    description =
        "Write a model's weights in another type, as a GGUF file that llama.cpp loads too.")
final class QuantizeCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description =
          "A GGUF file, a variant of the catalog, or a Hugging Face folder of a Llama, Qwen2 or Gemma 3"
              + " model (config.json, tokenizer.json, *.safetensors). Best F32, F16 or BF16: weights that are"
              + " quantized already lose twice.")
  private String in = "";

  @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
  private String out = "";

  @Parameters(
      index = "2",
      paramLabel = "TYPE",
      description =
          "F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q4_0, Q4_1, Q3_K, Q2_K, or a mix: Q5_K_M, Q4_K_M."
              + " Rows that are no multiple of 256 get the next larger type of 32 instead of a K type.")
  private String type = "";

  @Option(
      names = "--importance",
      paramLabel = "TEXT",
      description =
          "A text like what the model will be used for. The model reads it first, and weights that"
              + " matter to what it does there lose less.")
  private @Nullable Path importance;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  QuantizeCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Recipe recipe = Recipe.parse(type);
    int workers = threads.count();
    String text = importance == null ? null : Files.readString(importance);
    boolean folder = Files.isDirectory(Path.of(in));
    Path to = WorkFiles.output(out);
    long start = System.nanoTime();
    Path from = folder ? gathered(Path.of(in), to) : WorkFiles.weights(in, screen);
    WorkFiles.output(out, from);
    Quantization.Result result;
    try (GgufFile file = GgufFile.open(from);
        CpuWorkers team = new CpuWorkers(workers)) {
      Map<String, float[]> weights = text == null ? Map.of() : importance(file, text, team);
      try (WorkProgress progress = new WorkProgress("quantizing", screen)) {
        result = new Quantization(recipe, weights).run(file, to, team, progress);
      }
    }
    if (folder) {
      Files.delete(from);
    }
    print(to, result, (System.nanoTime() - start) / 1e9);
    return 0;
  }

  /** The files of a folder as one, beside what is going to be written. */
  private static Path gathered(Path folder, Path to) throws Exception {
    Checkpoint checkpoint = Checkpoint.open(folder);
    Path whole = Files.createTempFile(to.toAbsolutePath().getParent(), ".gathered-", ".gguf");
    whole.toFile().deleteOnExit();
    checkpoint.write(whole);
    return whole;
  }

  private Map<String, float[]> importance(GgufFile file, String text, CpuWorkers team) {
    try (WorkProgress progress = new WorkProgress("reading the text", screen)) {
      return Importance.measure(file, text, team, progress);
    }
  }

  private void print(Path to, Quantization.Result result, double seconds) throws Exception {
    double bits = 8.0 * result.bytes() / result.elements();
    if (json) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("file", to.toString());
      values.put("bytes", Files.size(to));
      values.put("bits_per_weight", bits);
      values.put("largest_tensor_elements", result.largest());
      values.put("tensors", result.tensors());
      values.put("substituted", result.substituted());
      values.put("seconds", seconds);
      screen.out().println(Json.write(values));
      return;
    }
    if (result.substituted() > 0) {
      screen
          .err()
          .printf(
              "%d tensors have rows that are no multiple of 256 and got the next larger type of 32%n",
              result.substituted());
    }
    String types =
        result.tensors().entrySet().stream()
            .map(e -> e.getValue() + " " + e.getKey())
            .collect(Collectors.joining(", "));
    screen
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %d MB, %.2f bits per weight (%s), %.1f s",
                to,
                Files.size(to) / 1_000_000,
                bits,
                types,
                seconds));
  }
}
