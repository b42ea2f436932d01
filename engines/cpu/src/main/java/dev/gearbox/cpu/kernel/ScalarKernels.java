package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;

/** {@link Kernels} in plain loops: the reference of the vector twin, and what runs without it. */
final class ScalarKernels implements Kernels {
  private final int groupRows;

  /**
   * @param groupRows an even number
   */
  ScalarKernels(int groupRows) {
    this.groupRows = groupRows;
  }

  static IllegalArgumentException notQuantized(PackedMatrix matrix) {
    return new IllegalArgumentException("dot takes quantized weights, not " + matrix.type());
  }

  @Override
  public int groupRows() {
    return groupRows;
  }

  @Override
  public int tileWidth(int tokens) {
    return 4;
  }

  @Override
  public void dot(
      PackedMatrix matrix, int group, QuantizedRows x, int row, int[] sums, float[] out, int at) {
    if (!matrix.type().quantized()) {
      throw notQuantized(matrix);
    }
    for (int lane = 0; lane < groupRows; lane++) {
      float acc = 0;
      for (int b = 0; b < matrix.blocks(); b++) {
        long record = matrix.groupAt(group) + (long) b * matrix.recordBytes();
        acc += block(matrix, record, lane, x, x.block(row) + b);
      }
      out[at + lane] = acc;
    }
  }

  private static float block(
      PackedMatrix matrix, long record, int lane, QuantizedRows x, int block) {
    float result = 0;
    for (int half = 0; half < 2; half++) {
      int sum = 0;
      for (int k = 16 * half; k < 16 * half + 16; k++) {
        int pair = x.pairs[block * 16 + k / 2];
        int q = (k & 1) == 0 ? (short) pair : pair >> 16;
        sum += q * RecordReader.quant(matrix, record, lane, k);
      }
      float scale = RecordReader.scale(matrix, record, lane, 16 * half);
      float activations = x.sums[2 * block + half];
      result += scale * (x.scales[block] * sum + matrix.type().offset() * activations);
      result += RecordReader.min(matrix, record, lane) * activations;
    }
    return result;
  }

  @Override
  public void panel(
      PackedMatrix matrix, int group, int firstBlock, int blocks, MemorySegment panel) {
    for (int b = 0; b < blocks; b++) {
      long record = matrix.groupAt(group) + (long) (firstBlock + b) * matrix.recordBytes();
      for (int k = 0; k < PackedMatrix.BLOCK; k++) {
        for (int lane = 0; lane < groupRows; lane++) {
          long to = 4L * ((b * PackedMatrix.BLOCK + k) * groupRows + lane);
          panel.set(RecordReader.FLOAT, to, matrix.weight(record, lane, k));
        }
      }
    }
  }

  @Override
  public void tile(
      int width, MemorySegment panel, int columns, float[] x, int xAt, float[] out, int at) {
    for (int k = 0; k < columns; k++) {
      for (int lane = 0; lane < groupRows; lane++) {
        float weight = panel.get(RecordReader.FLOAT, 4L * (k * groupRows + lane));
        for (int t = 0; t < width; t++) {
          out[at + t * groupRows + lane] += weight * x[xAt + k * width + t];
        }
      }
    }
  }

  @Override
  public void scores(
      float[] q,
      int qAt,
      int size,
      MemorySegment keys,
      long keysAt,
      float[] out,
      int at,
      int stride) {
    for (int row = 0; row < QUERY_ROWS; row++) {
      for (int key = 0; key < KEYS; key++) {
        float sum = 0;
        for (int e = 0; e < size; e++) {
          float k = keys.get(RecordReader.FLOAT, keysAt + 4L * (e * KEYS + key));
          sum += q[qAt + row * size + e] * k;
        }
        out[at + row * stride + key] = sum;
      }
    }
  }

  @Override
  public void mix(
      float[] p,
      int pAt,
      int stride,
      MemorySegment values,
      long valuesAt,
      float[] out,
      int at,
      int size) {
    for (int key = 0; key < KEYS; key++) {
      for (int e = 0; e < size; e++) {
        float v = values.get(RecordReader.FLOAT, valuesAt + 4L * (key * size + e));
        for (int row = 0; row < QUERY_ROWS; row++) {
          out[at + row * size + e] += p[pAt + row * stride + key] * v;
        }
      }
    }
  }

  @Override
  public float max(float[] x, int at, int n) {
    return ScalarElements.max(x, at, n);
  }

  @Override
  public float expSum(float[] x, int at, int n, float max) {
    return ScalarElements.expSum(x, at, n, max);
  }

  @Override
  public void scale(float[] x, int at, int n, float factor) {
    ScalarElements.scale(x, at, n, factor);
  }

  @Override
  public void add(float[] x, int at, float[] y, int yAt, int n) {
    ScalarElements.add(x, at, y, yAt, n);
  }

  @Override
  public void rmsNorm(
      float[] x, int at, int n, float[] weight, float epsilon, float[] out, int outAt) {
    ScalarElements.rmsNorm(x, at, n, weight, epsilon, out, outAt);
  }

  @Override
  public void swiglu(float[] gate, float[] up, int at, int n) {
    ScalarElements.swiglu(gate, up, at, n);
  }

  @Override
  public void geglu(float[] gate, float[] up, int at, int n) {
    ScalarElements.geglu(gate, up, at, n);
  }

  @Override
  public void quantize(float[] x, int at, QuantizedRows out, int row) {
    ScalarElements.quantize(x, at, out, row);
  }

  @Override
  public void roundTrip(float[] x, int at, float[] out, int outAt, int n) {
    ScalarElements.roundTrip(x, at, out, outAt, n);
  }
}
