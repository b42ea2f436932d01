package dev.gearbox.cpu.model;

import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.ModelAdapter;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An adapter in the order in which {@link LoraProducts} reads it, as single floats.
 *
 * <pre>
 *   a   strip after strip of as many ranks as a vector has lanes, [column][lanes] each
 *   b   strip after strip of as many rows,                        [rank][lanes] each
 * </pre>
 *
 * Ranks and rows that fill up a strip are zero.
 */
final class LoraWeights implements ModelAdapter {
  /** The matrices of one site; the scale is the whole of what multiplies their product. */
  @SuppressWarnings("ArrayRecordComponent") // weights are read-only by convention, and large
  record Pair(int rank, float scale, float[] a, float[] b) {}

  private final ModelShape shape;
  private final @Nullable Pair[] pairs;
  private final int rank;

  private LoraWeights(ModelShape shape, int rank) {
    this.shape = shape;
    this.rank = rank;
    pairs = new @Nullable Pair[Linear.output(shape) + 1];
  }

  /**
   * Checks every pair against the model, then copies them.
   *
   * @param ownOutput whether the model has a matrix of its own for its logits
   * @param lanes of the kernels that will read it
   * @param factor on the scale that the file gives
   */
  static LoraWeights of(
      LoraAdapter file, ModelShape shape, boolean ownOutput, int lanes, float factor) {
    String architecture = shape.architecture().key();
    if (!file.architecture().equals(architecture)) {
      throw new GgufException(
          Code.BAD_VALUE,
          "the adapter is for architecture '%s' and the model is of '%s'"
              .formatted(file.architecture(), architecture));
    }
    Map<String, Site> sites = sites(shape, ownOutput);
    file.pairs().forEach((name, pair) -> site(sites, name).check(pair));
    LoraWeights weights = new LoraWeights(shape, file.rank());
    file.pairs()
        .forEach((name, pair) ->
            weights.pairs[site(sites, name).index] =
                new Pair(
                    pair.rank(),
                    file.scale(pair, factor),
                    strips(transposed(pair.a()), pair.a().columns(), pair.rank(), lanes),
                    strips(transposed(pair.b()), pair.rank(), (int) pair.b().rows(), lanes)));
    return weights;
  }

  private record Site(int index, int rows, int columns) {
    void check(LoraAdapter.Pair pair) {
      if (pair.a().columns() != columns || pair.b().dimension(1) != rows) {
        throw new GgufException(
            Code.BAD_SHAPE,
            "%s and %s should be %d x %d and %d x %d"
                .formatted(pair.a(), pair.b(), columns, pair.rank(), pair.rank(), rows));
      }
    }
  }

  private static Map<String, Site> sites(ModelShape shape, boolean ownOutput) {
    Map<String, Site> sites = new HashMap<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      for (Linear linear : Linear.values()) {
        sites.put(
            "blk.%d.%s.weight".formatted(layer, linear.tensor()),
            new Site(linear.site(layer), linear.rows(shape), linear.columns(shape)));
      }
    }
    if (ownOutput) {
      sites.put("output.weight", new Site(Linear.output(shape), shape.vocabulary(), shape.size()));
    }
    return sites;
  }

  private static Site site(Map<String, Site> sites, String name) {
    Site site = sites.get(name);
    if (site == null) {
      throw new GgufException(
          Code.MISSING_TENSOR,
          "the adapter adds to %s, which is no matrix of this model that adapters can add to"
              .formatted(name));
    }
    return site;
  }

  /** {@code [column][row]} of a matrix that is stored {@code [row][column]}. */
  private static float[] transposed(GgufTensor tensor) {
    float[] from = tensor.toFloats();
    int columns = tensor.columns();
    int rows = from.length / columns;
    float[] to = new float[from.length];
    for (int i = 0; i < from.length; i++) {
      if (!Float.isFinite(from[i])) {
        throw new GgufException(
            Code.BAD_VALUE, tensor.name() + " has an element that is no finite number");
      }
      to[i % columns * rows + i / columns] = from[i];
    }
    return to;
  }

  private static float[] strips(float[] from, int columns, int rows, int lanes) {
    int strips = Math.ceilDiv(rows, lanes);
    float[] to = new float[Math.multiplyExact(strips * lanes, columns)];
    for (int row = 0; row < rows; row++) {
      int at = row / lanes * columns * lanes + row % lanes;
      for (int column = 0; column < columns; column++) {
        to[at + column * lanes] = from[column * rows + row];
      }
    }
    return to;
  }

  boolean fits(ModelShape other) {
    return shape.equals(other);
  }

  /** What it adds at a site; null for nothing. */
  @Nullable Pair pair(int site) {
    return pairs[site];
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public long bytes() {
    long floats = 0;
    for (Pair pair : pairs) {
      floats += pair == null ? 0 : pair.a.length + pair.b.length;
    }
    return floats * Float.BYTES;
  }
}
