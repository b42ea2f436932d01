package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.model.TinyModel;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.workshop.adapter.MergedAdapter;
import dev.gearbox.workshop.distil.Distillation;
import dev.gearbox.workshop.prune.Activity;
import dev.gearbox.workshop.prune.PrunePlan;
import dev.gearbox.workshop.prune.PrunedModel;
import dev.gearbox.workshop.quantize.Importance;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Variants of a small model: what is taken out and won back shows in what it predicts. */
class VariantsTest {
  private static final String TEXT = TestingTransformer.text(6000, 1);
  private static final String OTHER_TEXT = TestingTransformer.text(1500, 2);

  private final TestingTransformer model = new TestingTransformer(7);
  private final CpuWorkers workers = new CpuWorkers(1);

  @TempDir Path folder;

  @AfterEach
  void close() {
    workers.close();
  }

  @Test
  void aBlockThatDoesNothingGoesFirstAndIsNotMissed() throws IOException {
    for (int idle : new int[] {2, 4}) {
      model.clearColumns("blk." + idle + ".attn_output.weight", 128, 0, 128);
      model.clearColumns("blk." + idle + ".ffn_down.weight", 256, 0, 256);
    }
    Path whole = model.write(folder.resolve("whole.gguf"));
    Path pruned = prune(whole, new PrunePlan.Shares(0.34, 0, 0));
    try (GgufFile file = GgufFile.open(pruned)) {
      assertThat(ModelShape.of(file).layers()).isEqualTo(4);
      assertThat(file.metadata().getInts(PrunedModel.BLOCKS)).containsExactly(0, 1, 3, 5);
      assertThat(file.metadata().getStrings("gearbox.techniques")).containsExactly("pruned");
    }
    assertThat(Files.size(pruned)).isLessThan(Files.size(whole) * 8 / 10);
    assertThat(divergence(whole, pruned)).isLessThan(1e-6);
  }

  @Test
  void channelsAndHeadsThatDoNothingGoFirstAndAreNotMissed() throws IOException {
    for (int layer = 0; layer < TestingTransformer.LAYERS; layer++) {
      model.clearColumns("blk." + layer + ".ffn_down.weight", 256, 40, 104);
      model.clearColumns("blk." + layer + ".attn_output.weight", 128, 32, 64);
      model.clearColumns("blk." + layer + ".attn_output.weight", 128, 64, 96);
    }
    Path whole = model.write(folder.resolve("whole.gguf"));
    Path pruned = prune(whole, new PrunePlan.Shares(0, 0.25, 0.5));
    try (GgufFile file = GgufFile.open(pruned)) {
      ModelShape shape = ModelShape.of(file);
      assertThat(shape.inner()).isEqualTo(192);
      assertThat(shape.heads()).isEqualTo(2);
      assertThat(shape.headSize()).isEqualTo(32);
      ModelTensors.of(file, shape);
    }
    assertThat(divergence(whole, pruned)).isLessThan(1e-6);
  }

  @Test
  void blocksOfAGemmaGoAsManyAtATimeAsLeaveOthersTheirWindows() throws IOException {
    TinyModel gemma = new TinyModel(Architecture.GEMMA3, 9);
    for (int idle = 1; idle <= 6; idle++) {
      for (String norm : List.of("post_attention_norm", "post_ffw_norm")) {
        String name = "blk." + idle + "." + norm + ".weight";
        Arrays.fill(Objects.requireNonNull(gemma.tensors.get(name)), 0);
      }
    }
    Path whole = TestingGemma.write(gemma, 13, folder);
    Path pruned = prune(whole, new PrunePlan.Shares(0.4, 0, 0));
    try (GgufFile file = GgufFile.open(pruned)) {
      assertThat(file.metadata().getInts(PrunedModel.BLOCKS))
          .containsExactly(0, 7, 8, 9, 10, 11, 12);
    }
    assertThat(divergence(whole, pruned)).isLessThan(1e-6);
    assertThatThrownBy(() -> prune(whole, new PrunePlan.Shares(0.2, 0, 0)))
        .hasMessageContaining("blocks of a gemma3 model go 6 at a time");
    try (GgufFile file = GgufFile.open(prune(whole, new PrunePlan.Shares(0, 0.34, 0.5)))) {
      ModelShape shape = ModelShape.of(file);
      assertThat(shape.inner()).isEqualTo(64);
      assertThat(shape.heads()).isEqualTo(2);
      ModelTensors.of(file, shape);
    }
  }

  @Test
  void whatCannotBePrunedIsRefused() throws IOException {
    Path whole = model.write(folder.resolve("whole.gguf"));
    assertThatThrownBy(() -> prune(whole, new PrunePlan.Shares(0, 0, 0.1)))
        .hasMessageContaining("2 heads share a key head, and one of each group is 50 % of them");
    assertThatThrownBy(() -> prune(whole, new PrunePlan.Shares(0.8, 0, 0)))
        .hasMessage("no more than 4 blocks can go");
    assertThatThrownBy(() -> new PrunePlan.Shares(0, 0, 0)).hasMessageContaining("nothing");
    assertThatThrownBy(() -> new PrunePlan.Shares(1.5, 0, 0)).hasMessageContaining("150.0 %");
  }

  @Test
  void aTeacherWinsBackMuchOfWhatPruningLost() throws IOException {
    Path whole = model.write(folder.resolve("whole.gguf"));
    Path pruned = prune(whole, new PrunePlan.Shares(0.34, 0, 0));
    Path repaired = folder.resolve("repaired.gguf");
    distil(whole, pruned, repaired, 0);
    double lost = divergence(whole, pruned);
    double left = divergence(whole, repaired);
    assertThat(left).isLessThan(0.8 * lost);
    try (GgufFile file = GgufFile.open(repaired)) {
      assertThat(file.metadata().getStrings("gearbox.techniques"))
          .containsExactly("pruned", "distilled");
    }
    // A second time the last layer is corrected.
    Path again = folder.resolve("again.gguf");
    distil(whole, repaired, again, 0);
    assertThat(divergence(whole, again)).isLessThan(left);
  }

  @Test
  void whatALinearMapCanMakeUpForIsMadeUpFor() throws IOException {
    // Block 3 does nothing, so what the student lacks is what is taken from the block before it.
    model.clearColumns("blk.3.attn_output.weight", 128, 0, 128);
    model.clearColumns("blk.3.ffn_down.weight", 256, 0, 256);
    Path whole = model.write(folder.resolve("whole.gguf"));
    float[] down = model.tensor("blk.2.ffn_down.weight");
    for (int i = 0; i < down.length; i++) {
      down[i] *= (i % 5) * 0.3f;
    }
    Path pruned =
        prune(model.write(folder.resolve("worse.gguf")), new PrunePlan.Shares(0.17, 0, 0));
    Path repaired = folder.resolve("repaired.gguf");
    distil(whole, pruned, repaired, 0);
    assertThat(divergence(whole, repaired)).isLessThan(0.001 * divergence(whole, pruned));
  }

  @Test
  void anAdapterFromATeacherHelpsAndMergesToTheSame() throws IOException {
    Path whole = model.write(folder.resolve("whole.gguf"));
    Path student = quantize(whole, Recipe.Q4_0, Map.of());
    Path adapter = folder.resolve("adapter.gguf");
    distil(whole, student, adapter, 32);
    Path merged = folder.resolve("merged.gguf");
    try (GgufFile base = GgufFile.open(student);
        GgufFile file = GgufFile.open(adapter)) {
      LoraAdapter lora = LoraAdapter.of(file);
      assertThat(lora.rank()).isEqualTo(32);
      assertThat(lora.pairs()).containsOnlyKeys("blk.5.ffn_down.weight");
      new MergedAdapter(base, lora, 1).write(null, Map.of(), merged, workers, Progress.NONE);
    }
    try (GgufFile file = GgufFile.open(merged)) {
      assertThat(file.tensor("blk.5.ffn_down.weight").type()).isEqualTo(GgmlType.Q8_0);
      assertThat(file.tensor("blk.4.ffn_down.weight").type()).isEqualTo(GgmlType.Q4_0);
    }
    assertThat(divergence(whole, merged)).isLessThan(0.97 * divergence(whole, student));
  }

  @Test
  void anAdapterOfAnotherModelIsRefused() throws IOException {
    Path whole = model.write(folder.resolve("whole.gguf"));
    Path student = prune(whole, new PrunePlan.Shares(0, 0.25, 0));
    Path adapter = folder.resolve("adapter.gguf");
    distil(whole, student, adapter, 4);
    try (GgufFile base = GgufFile.open(whole);
        GgufFile file = GgufFile.open(adapter)) {
      assertThatThrownBy(() -> new MergedAdapter(base, LoraAdapter.of(file), 1))
          .hasMessageContaining("do not fit the base's blk.5.ffn_down.weight");
    }
  }

  @Test
  void importanceIsTheMeanSquareOfWhatAColumnMeets() throws IOException {
    // Input elements that norms make large cost most, as a few do in trained models.
    for (int layer = 0; layer < TestingTransformer.LAYERS; layer++) {
      for (String norm : List.of("attn_norm", "ffn_norm")) {
        model.tensor("blk." + layer + "." + norm + ".weight")[17] = 6;
        model.tensor("blk." + layer + "." + norm + ".weight")[45] = 6;
      }
    }
    Path whole = model.write(folder.resolve("whole.gguf"));
    Map<String, float[]> importance;
    try (GgufFile file = GgufFile.open(whole)) {
      importance = Importance.measure(file, TEXT, workers, Progress.NONE);
    }
    assertThat(importance).hasSize(1 + 7 * TestingTransformer.LAYERS);
    float[] up = Objects.requireNonNull(importance.get("blk.3.ffn_up.weight"));
    assertThat(up[17]).isGreaterThan(10);
    double mean = 0;
    for (float each : up) {
      mean += each / up.length;
    }
    assertThat(mean).isBetween(0.99, 1.01);
    double plain = divergence(whole, quantize(whole, Recipe.Q4_0, Map.of()));
    double guided = divergence(whole, quantize(whole, Recipe.Q4_0, importance));
    assertThat(guided).isLessThan(plain);
  }

  @Test
  void aTextTooShortAndStrangersAreRefused() throws IOException {
    Path whole = model.write(folder.resolve("whole.gguf"));
    Path pruned = prune(whole, new PrunePlan.Shares(0.34, 0, 0));
    try (GgufFile file = GgufFile.open(whole);
        GgufFile student = GgufFile.open(pruned)) {
      assertThatThrownBy(() -> Activity.measure(file, "too short", workers, Progress.NONE))
          .hasMessageContaining(
              "the calibration text has 9 tokens; it takes 256 at the very least");
      assertThatThrownBy(() -> new Distillation(student, file))
          .hasMessageContaining("teacher and student do not match: 4 and 6 blocks");
    }
  }

  private Path prune(Path whole, PrunePlan.Shares shares) throws IOException {
    Path out = folder.resolve("pruned.gguf");
    try (GgufFile file = GgufFile.open(whole)) {
      Activity activity = Activity.measure(file, TEXT, workers, Progress.NONE);
      ModelTensors tensors = ModelTensors.of(file, ModelShape.of(file));
      PrunedModel.write(file, PrunePlan.of(activity, tensors, shares), out, workers, Progress.NONE);
    }
    return out;
  }

  private Path quantize(Path whole, Recipe recipe, Map<String, float[]> importance)
      throws IOException {
    Path out = folder.resolve("quantized.gguf");
    try (GgufFile file = GgufFile.open(whole)) {
      new Quantization(recipe, importance).run(file, out, workers, Progress.NONE);
    }
    return out;
  }

  private void distil(Path teacher, Path student, Path out, int rank) throws IOException {
    try (GgufFile first = GgufFile.open(teacher);
        GgufFile second = GgufFile.open(student)) {
      Distillation distillation = new Distillation(first, second);
      if (rank == 0) {
        distillation.merge(TEXT, out, workers, Progress.NONE);
      } else {
        distillation.adapter(TEXT, rank, out, workers, Progress.NONE);
      }
    }
  }

  /** On a text that no part of the workshop has seen. */
  private static double divergence(Path reference, Path variant) throws IOException {
    return new Comparison(TestingTransformer.CONTEXT, 1)
        .compare(reference, variant, OTHER_TEXT, Progress.NONE)
        .klDivergence();
  }
}
