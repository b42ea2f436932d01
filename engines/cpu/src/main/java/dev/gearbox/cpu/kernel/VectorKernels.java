package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;

/** {@link Kernels} on the Vector API, at the width of {@link Lanes}. */
final class VectorKernels implements Kernels {
  @Override
  public int groupRows() {
    return Lanes.R;
  }

  @Override
  public void dot(
      PackedMatrix matrix, int group, QuantizedRows x, int row, int[] sums, float[] out, int at) {
    VectorDots.dot(matrix, group, x, row, sums, out, at);
  }

  @Override
  public void decode(
      PackedMatrix matrix, int group, int firstBlock, int blocks, DecodedBlocks out) {
    long p = matrix.groupAt(group) + (long) firstBlock * matrix.recordBytes();
    VectorQuants.decode(matrix, p, blocks, out);
  }

  @Override
  public void products(
      PackedType type,
      DecodedBlocks weights,
      QuantizedRows x,
      int row,
      int firstBlock,
      int blocks,
      int[] sums,
      float[] out,
      int at) {
    VectorProducts.products(type, weights, x, row, firstBlock, blocks, sums, out, at);
  }

  @Override
  public void panel(
      PackedMatrix matrix, int group, int firstBlock, int blocks, MemorySegment panel) {
    int record = matrix.recordBytes();
    long p = matrix.groupAt(group) + (long) firstBlock * record;
    long to = 0;
    for (int b = 0; b < blocks; b++, p += record, to += 4L * PackedMatrix.BLOCK * Lanes.R) {
      switch (matrix.type()) {
        case HALF -> VectorPanels.half(matrix, p, panel, to);
        case BRAIN -> VectorPanels.brain(matrix, p, panel, to);
        case FLOAT -> VectorPanels.single(matrix, p, panel, to);
        case NIBBLE, NIBBLE_OFFSET, FIVE, FIVE_OFFSET, SIX, BYTE ->
            throw ScalarKernels.quantized(matrix);
      }
    }
  }

  @Override
  public void tile(MemorySegment panel, int columns, float[] x, int xAt, float[] out, int at) {
    VectorTiles.tile(panel, columns, x, xAt, out, at);
  }

  @Override
  public void scores(
      KvType type,
      float[] q,
      int qAt,
      int size,
      MemorySegment keys,
      long keysAt,
      float[] out,
      int at,
      int stride) {
    switch (type) {
      case F32 -> VectorAttention.scores(q, qAt, size, keys, keysAt, out, at, stride);
      case F16 -> VectorHalfAttention.scores(q, qAt, size, keys, keysAt, out, at, stride);
      case Q8_0 -> VectorByteAttention.scores(q, qAt, size, keys, keysAt, out, at, stride);
    }
  }

  @Override
  public void mix(
      KvType type,
      float[] p,
      int pAt,
      int stride,
      MemorySegment values,
      long valuesAt,
      float[] out,
      int at,
      int size) {
    switch (type) {
      case F32 -> VectorAttention.mix(p, pAt, stride, values, valuesAt, out, at, size);
      case F16 -> VectorHalfAttention.mix(p, pAt, stride, values, valuesAt, out, at, size);
      case Q8_0 -> VectorByteAttention.mix(p, pAt, stride, values, valuesAt, out, at, size);
    }
  }

  @Override
  public float inner(float[] x, int at, MemorySegment y, long yAt, int n) {
    return VectorElements.inner(x, at, y, yAt, n);
  }

  @Override
  public void addProduct(
      float[] weights, int weightsAt, int n, float[] x, int xAt, float[] out, int at) {
    VectorElements.addProduct(weights, weightsAt, n, x, xAt, out, at);
  }

  @Override
  public float max(float[] x, int at, int n) {
    return VectorElements.max(x, at, n);
  }

  @Override
  public float expSum(float[] x, int at, int n, float max) {
    return VectorElements.expSum(x, at, n, max);
  }

  @Override
  public void scale(float[] x, int at, int n, float factor) {
    VectorElements.scale(x, at, n, factor);
  }

  @Override
  public void add(float[] x, int at, float[] y, int yAt, int n) {
    VectorElements.add(x, at, y, yAt, n);
  }

  @Override
  public void rmsNorm(
      float[] x, int at, int n, float[] weight, float epsilon, float[] out, int outAt) {
    VectorElements.rmsNorm(x, at, n, weight, epsilon, out, outAt);
  }

  @Override
  public void swiglu(float[] gate, float[] up, int at, int n) {
    VectorElements.swiglu(gate, up, at, n);
  }

  @Override
  public void geglu(float[] gate, float[] up, int at, int n) {
    VectorElements.geglu(gate, up, at, n);
  }

  @Override
  public void quantize(float[] x, int at, QuantizedRows out, int row) {
    VectorElements.quantize(x, at, out, row);
  }
}
