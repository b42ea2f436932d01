package dev.gearbox.workshop.quantize;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.BlockDecoder;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufMetadata;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.workshop.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model's weights again in other types, some of them changed. Tensors are read out of the
 * mapped file and written piece by piece; those that change in nothing are copied to the bit.
 *
 * @param recipe which type each tensor gets; null where all keep theirs, but changed ones have 6
 *     bits at least: what changes are made for is less than what fewer bits lose
 * @param importance of columns by the name of their tensor; tensors that it lacks have none
 * @param changed rows by the name of their tensor, in place of those in the file
 * @param techniques that the result is made by, noted in it
 */
public record Quantization(
    @Nullable Recipe recipe,
    Map<String, float[]> importance,
    Map<String, RowStream.Rows> changed,
    List<String> techniques) {
  private static final String TECHNIQUES = "gearbox.techniques";
  private static final int QUANTIZATION_VERSION = 2;

  /** Weights in another type and otherwise the same. */
  public Quantization(Recipe recipe, Map<String, float[]> importance) {
    this(recipe, importance, Map.of(), recipe.quantizes() ? List.of("quantized") : List.of());
  }

  /**
   * What was written.
   *
   * @param tensors how many of each type
   * @param substituted tensors whose rows are no multiple of 256 and got a larger type for it
   * @param bytes of all tensors
   * @param elements of all tensors
   * @param largest elements of the largest tensor
   */
  public record Result(
      Map<GgmlType, Integer> tensors, int substituted, long bytes, long elements, long largest) {}

  /**
   * Writes.
   *
   * @param progress in elements
   * @throws IllegalArgumentException when a tensor does not divide into blocks, or holds what is no
   *     number; nothing is left at {@code out} then
   */
  public Result run(GgufFile in, Path out, CpuWorkers workers, Progress progress)
      throws IOException {
    int layers = ModelShape.of(in).layers();
    String logits = Recipe.logits(in);
    GgufWriter writer = new GgufWriter();
    copyMetadata(in.metadata(), writer);
    addTechniques(in.metadata(), writer, techniques);
    writer.put("general.quantization_version", GgufValue.of(QUANTIZATION_VERSION));
    if (recipe != null) {
      writer.put("general.file_type", GgufValue.of(recipe.fileType()));
    }
    RowStream stream = new RowStream(workers);
    long total = in.tensors().values().stream().mapToLong(GgufTensor::elements).sum();
    long[] done = {0};
    Map<GgmlType, Integer> types = new EnumMap<>(GgmlType.class);
    int substituted = 0;
    for (GgufTensor tensor : in.tensors().values()) {
      RowStream.@Nullable Rows change = changed.get(tensor.name());
      GgmlType type =
          recipe != null
              ? recipe.type(tensor, layers, logits)
              : change == null ? tensor.type() : roomy(tensor);
      types.merge(type, 1, Integer::sum);
      substituted += isSubstitute(type) ? 1 : 0;
      float @Nullable [] weights = importance.get(tensor.name());
      writer.tensor(
          tensor.name(),
          type,
          tensor.shape(),
          to -> {
            RowStream.Written written = count -> progress.at(done[0] += count, total);
            if (type == tensor.type() && change == null) {
              GgufWriter.putSegment(to, tensor.data());
              written.elements(tensor.elements());
              return;
            }
            RowStream.Rows rows = change == null ? rows(tensor) : change;
            int columns = tensor.columns();
            stream.write(tensor.name(), rows, tensor.rows(), columns, type, weights, to, written);
          });
    }
    writer.write(out);
    long largest = in.tensors().values().stream().mapToLong(GgufTensor::elements).max().orElse(0);
    return new Result(types, substituted, writer.dataBytes(), total, largest);
  }

  private boolean isSubstitute(GgmlType type) {
    return recipe != null
        && recipe.name().contains("_K")
        && (type == GgmlType.Q4_0
            || type == GgmlType.Q5_0
            || type == GgmlType.Q5_1
            || type == GgmlType.Q8_0);
  }

  /** Copies all that a file says of itself. */
  public static void copyMetadata(GgufMetadata from, GgufWriter to) {
    for (String key : from.keys()) {
      if (!key.equals("general.alignment")) {
        to.put(key, from.raw(key));
      }
    }
  }

  private static GgmlType roomy(GgufTensor tensor) {
    return switch (tensor.type()) {
      case F32, F16, BF16, Q8_0, Q6_K -> tensor.type();
      case Q2_K, Q3_K, Q4_K, Q5_K -> GgmlType.Q6_K;
      case Q4_0, Q4_1, Q5_0, Q5_1 -> GgmlType.Q8_0;
    };
  }

  /** Notes in a file by what it was made, beside what its source was made by. */
  public static void addTechniques(GgufMetadata from, GgufWriter to, List<String> techniques) {
    Set<String> all = new LinkedHashSet<>(from.findStrings(TECHNIQUES));
    all.addAll(techniques);
    if (!all.isEmpty()) {
      to.put(TECHNIQUES, GgufValue.of(List.copyOf(all)));
    }
  }

  /** By what a file says that it was made; nothing of files from elsewhere. */
  public static List<String> techniques(GgufFile file) {
    return file.metadata().findStrings(TECHNIQUES);
  }

  /** The rows of a tensor as floats. */
  public static RowStream.Rows rows(GgufTensor tensor) {
    long bytes = tensor.type().bytes(tensor.columns());
    return (row, out) ->
        BlockDecoder.decode(tensor.type(), tensor.data(), row * bytes, tensor.columns(), out, 0);
  }
}
