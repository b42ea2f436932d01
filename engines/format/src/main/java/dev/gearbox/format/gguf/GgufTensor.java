package dev.gearbox.format.gguf;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A tensor of a GGUF file. Dimension 0 is the contiguous one: a matrix of {@code rows()} rows of
 * {@code columns()} elements. The data are exactly its blocks, read-only, valid while the file is
 * open.
 */
public final class GgufTensor {
  private final String name;
  private final GgmlType type;
  private final long[] shape;
  private final MemorySegment data;

  GgufTensor(String name, GgmlType type, long[] shape, MemorySegment data) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.data = data;
  }

  /** Its name in the file. */
  public String name() {
    return name;
  }

  /** How its elements are stored. */
  public GgmlType type() {
    return type;
  }

  /** Number of dimensions, 1 to 4. */
  public int rank() {
    return shape.length;
  }

  /** Size of a dimension; 1 beyond the rank. */
  public long dimension(int index) {
    return index < shape.length ? shape[index] : 1;
  }

  /** A copy of the dimensions, the contiguous one first. */
  public long[] shape() {
    return shape.clone();
  }

  /** Elements of a row. */
  public int columns() {
    return Math.toIntExact(shape[0]);
  }

  /** The product of the dimensions beyond the first. */
  public long rows() {
    return elements() / shape[0];
  }

  /** All elements. */
  public long elements() {
    long product = 1;
    for (long size : shape) {
      product *= size;
    }
    return product;
  }

  /** Its blocks. */
  public MemorySegment data() {
    return data;
  }

  /** All elements decoded; for small tensors such as norms. */
  public float[] toFloats() {
    float[] out = new float[Math.toIntExact(elements())];
    BlockDecoder.decode(type, data, 0, out.length, out, 0);
    return out;
  }

  @Override
  public String toString() {
    return "%s %s%s".formatted(name, type, Arrays.toString(shape));
  }
}
