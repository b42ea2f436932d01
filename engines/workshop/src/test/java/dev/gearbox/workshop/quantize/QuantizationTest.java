package dev.gearbox.workshop.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.model.TinyModel;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.workshop.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizationTest {
  private final TinyModel model = new TinyModel(Architecture.QWEN2, 3);

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void everyRecipeGivesTheSameModelWithinItsBits(Recipe recipe) throws IOException {
    Path out = folder.resolve("out.gguf");
    List<Long> told = new ArrayList<>();
    Quantization.Result result =
        quantize(model.write(folder), out, recipe, (done, total) -> told.add(done * 100 / total));
    assertThat(told.getLast()).isEqualTo(100);
    assertThat(told).isSorted();
    try (GgufFile file = GgufFile.open(out)) {
      ModelTensors.of(file, ModelShape.of(file));
      assertThat(file.metadata().getInt("general.file_type")).isEqualTo(recipe.fileType());
      assertThat(file.metadata().getInt("qwen2.block_count")).isEqualTo(TinyModel.LAYERS);
      assertThat(result.tensors().values().stream().mapToInt(i -> i).sum())
          .isEqualTo(file.tensors().size());
      double bits = 8.0 * result.bytes() / result.elements();
      double most = recipe == Recipe.BF16 ? 0.003 : Math.pow(2, 2 - Math.min(bits, 12));
      model.tensors.forEach(
          (name, expected) -> assertThat(loss(expected, file.tensor(name))).isLessThan(most));
    }
  }

  @Test
  void vectorsStayAndTheLogitsKeepSixBits() throws IOException {
    Path out = folder.resolve("out.gguf");
    quantize(model.write(folder), out, Recipe.Q4_0, Progress.NONE);
    try (GgufFile file = GgufFile.open(out)) {
      assertThat(file.tensor("blk.0.attn_norm.weight").type()).isEqualTo(GgmlType.F32);
      assertThat(file.tensor("blk.0.attn_q.bias").toFloats())
          .isEqualTo(Objects.requireNonNull(model.tensors.get("blk.0.attn_q.bias")));
      // 64 columns: no blocks of 256.
      assertThat(file.tensor("output.weight").type()).isEqualTo(GgmlType.Q8_0);
      assertThat(file.tensor("token_embd.weight").type()).isEqualTo(GgmlType.Q4_0);
      assertThat(file.metadata().getStrings("gearbox.techniques")).containsExactly("quantized");
    }
  }

  @Test
  void mixesGiveMoreBitsToSomeLayers() {
    long[] shape = {512, 64};
    List<GgmlType> down = new ArrayList<>();
    for (int layer = 0; layer < 16; layer++) {
      String name = "blk." + layer + ".ffn_down.weight";
      down.add(Recipe.Q4_K_M.type(name, GgmlType.F16, shape, 16, "output.weight"));
    }
    assertThat(down.stream().filter(GgmlType.Q6_K::equals)).hasSize(8);
    assertThat(down.getFirst()).isEqualTo(GgmlType.Q6_K);
    assertThat(down.get(2)).isEqualTo(GgmlType.Q4_K);
    assertThat(Recipe.Q4_K_M.type("output.weight", GgmlType.F16, shape, 16, "output.weight"))
        .isEqualTo(GgmlType.Q6_K);
  }

  @Test
  void whatDividesIntoNoBlocksIsNamed() {
    assertThatThrownBy(
            () -> Recipe.Q4_0.type("odd", GgmlType.F16, new long[] {40, 8}, 4, "output.weight"))
        .hasMessage("tensor odd has rows of 40, no whole number of Q4_0 blocks of 32");
    assertThatThrownBy(() -> Recipe.parse("q4km"))
        .hasMessageContaining("unknown type 'q4km'")
        .hasMessageContaining("Q4_K_M");
  }

  @Test
  void aNumberThatIsNoneLeavesNothingBehind() throws IOException {
    Objects.requireNonNull(model.tensors.get("blk.3.ffn_up.weight"))[77] = Float.NaN;
    Path in = model.write(folder);
    Path out = folder.resolve("out.gguf");
    Files.writeString(out, "what was there");
    assertThatThrownBy(() -> quantize(in, out, Recipe.Q8_0, Progress.NONE))
        .hasMessage("tensor blk.3.ffn_up.weight has an element that is no finite number");
    assertThat(out).hasContent("what was there");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(in, out);
    }
  }

  private static Quantization.Result quantize(Path in, Path out, Recipe recipe, Progress progress)
      throws IOException {
    try (GgufFile file = GgufFile.open(in);
        CpuWorkers workers = new CpuWorkers(1)) {
      return new Quantization(recipe, Map.of()).run(file, out, workers, progress);
    }
  }

  private static double loss(float[] expected, GgufTensor found) {
    float[] floats = found.toFloats();
    double error = 0;
    double all = 0;
    for (int i = 0; i < floats.length; i++) {
      double off = floats[i] - expected[i];
      error += off * off;
      all += (double) expected[i] * expected[i];
    }
    return Math.sqrt(error / all);
  }
}
