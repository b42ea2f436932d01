package dev.gearbox.workshop.adapter;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.Recipe;
import dev.gearbox.workshop.quantize.RowStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A base model with an adapter in its weights: {@code W + scale·B·A} for each pair. Only the two
 * thin matrices are held as floats, and rows of the sum are made when they are written.
 *
 * @param factor on the scale that the adapter's file gives
 */
public record MergedAdapter(GgufFile base, LoraAdapter adapter, float factor) {
  /**
   * Checks that they fit.
   *
   * @throws IllegalArgumentException when the adapter is for another model
   */
  public MergedAdapter {
    String architecture = base.metadata().getString("general.architecture");
    if (!architecture.equals(adapter.architecture())) {
      throw new IllegalArgumentException(
          "the adapter is for %s models and the base is a %s"
              .formatted(adapter.architecture(), architecture));
    }
    adapter
        .pairs()
        .forEach((name, pair) -> {
          if (!base.hasTensor(name)) {
            throw new IllegalArgumentException(
                "the adapter adds to %s, which the base does not have".formatted(name));
          }
          GgufTensor tensor = base.tensor(name);
          if (tensor.columns() != pair.a().columns() || tensor.rows() != pair.b().rows()) {
            throw new IllegalArgumentException(
                "the adapter's %s and %s do not fit the base's %s"
                    .formatted(pair.a(), pair.b(), tensor));
          }
        });
  }

  /**
   * Writes it.
   *
   * @param recipe which types tensors get; null to keep those of the base, changed ones having 6
   *     bits at least
   * @param importance of columns, as {@link Quantization} takes it
   */
  public Quantization.Result write(
      @Nullable Recipe recipe,
      Map<String, float[]> importance,
      Path out,
      CpuWorkers workers,
      Progress progress)
      throws IOException {
    Map<String, RowStream.Rows> changed = new HashMap<>();
    adapter.pairs().forEach((name, pair) -> changed.put(name, sum(base.tensor(name), pair)));
    boolean quantizes = recipe != null && recipe.quantizes();
    List<String> techniques = quantizes ? List.of("adapter", "quantized") : List.of("adapter");
    return new Quantization(recipe, importance, changed, techniques)
        .run(base, out, workers, progress);
  }

  private RowStream.Rows sum(GgufTensor tensor, LoraAdapter.Pair pair) {
    RowStream.Rows plain = Quantization.rows(tensor);
    float scale = adapter.scale(pair, factor);
    float[] a = pair.a().toFloats();
    float[] b = pair.b().toFloats();
    int rank = pair.rank();
    return (row, out) -> {
      plain.read(row, out);
      for (int k = 0; k < rank; k++) {
        float of = scale * b[(int) row * rank + k];
        for (int c = 0; c < out.length; c++) {
          out[c] += of * a[k * out.length + c];
        }
      }
    };
  }
}
