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

  static IllegalArgumentException notQuantized(PackedType type) {
    return new IllegalArgumentException("takes quantized weights, not " + type);
  }

  static IllegalArgumentException quantized(PackedMatrix matrix) {
    return new IllegalArgumentException("takes floats, not " + matrix.type());
  }

  @Override
  public int groupRows() {
    return groupRows;
  }

  @Override
  public void dot(
      PackedMatrix matrix, int group, QuantizedRows x, int row, int[] sums, float[] out, int at) {
    if (!matrix.type().quantized()) {
      throw notQuantized(matrix.type());
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
        sum += x.quant(block, k) * RecordReader.quant(matrix, record, lane, k);
      }
      float scale = RecordReader.scale(matrix, record, lane, 16 * half);
      int total = x.totals[2 * block + half];
      result += scale * x.scales[block] * (sum + matrix.type().offset() * total);
      result += RecordReader.min(matrix, record, lane) * x.scales[block] * total;
    }
    return result;
  }

  @Override
  public void decode(
      PackedMatrix matrix, int group, int firstBlock, int blocks, DecodedBlocks out) {
    PackedType type = matrix.type();
    if (!type.quantized()) {
      throw notQuantized(type);
    }
    for (int b = 0; b < blocks; b++) {
      long record = matrix.groupAt(group) + (long) (firstBlock + b) * matrix.recordBytes();
      for (int lane = 0; lane < groupRows; lane++) {
        for (int k = 0; k < PackedMatrix.BLOCK; k++) {
          int q = RecordReader.quant(matrix, record, lane, k) - type.base();
          if (type == PackedType.BYTE) {
            out.bytes[(b * PackedMatrix.BLOCK + k) * groupRows + lane] = q;
          } else {
            out.quants[quantAt(b, lane, k)] = (short) q;
          }
        }
        int at = 2 * b * groupRows + lane;
        float min = RecordReader.min(matrix, record, lane);
        out.scales[at] = RecordReader.scale(matrix, record, lane, 0);
        out.scales[at + groupRows] =
            type.hasMins() ? min : RecordReader.scale(matrix, record, lane, 16);
      }
    }
  }

  private int quantAt(int block, int lane, int k) {
    return (block * 16 + k / 2) * 2 * groupRows + 2 * lane + k % 2;
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
    for (int t = 0; t < ROWS; t++) {
      for (int lane = 0; lane < groupRows; lane++) {
        for (int b = 0; b < blocks; b++) {
          int block = x.block(row + t) + firstBlock + b;
          out[at + t * groupRows + lane] += product(type, weights, x, block, b, lane);
        }
      }
    }
  }

  private float product(
      PackedType type, DecodedBlocks weights, QuantizedRows x, int block, int b, int lane) {
    float first = weights.scales[2 * b * groupRows + lane];
    float second = weights.scales[(2 * b + 1) * groupRows + lane];
    float result = 0;
    for (int half = 0; half < 2; half++) {
      int sum = (type.base() + type.offset()) * x.totals[2 * block + half];
      for (int k = 16 * half; k < 16 * half + 16; k++) {
        int weight =
            type == PackedType.BYTE
                ? (int) weights.bytes[(b * PackedMatrix.BLOCK + k) * groupRows + lane]
                : weights.quants[quantAt(b, lane, k)];
        sum += x.quant(block, k) * weight;
      }
      float scale = type.scales() == 2 && half == 1 ? second : first;
      result += scale * x.scales[block] * sum;
      float min = type.hasMins() ? second : 0;
      result += min * x.scales[block] * x.totals[2 * block + half];
    }
    return result;
  }

  @Override
  public void panel(
      PackedMatrix matrix, int group, int firstBlock, int blocks, MemorySegment panel) {
    if (matrix.type().quantized()) {
      throw quantized(matrix);
    }
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
  public void tile(MemorySegment panel, int columns, float[] x, int xAt, float[] out, int at) {
    for (int k = 0; k < columns; k++) {
      for (int lane = 0; lane < groupRows; lane++) {
        float weight = panel.get(RecordReader.FLOAT, 4L * (k * groupRows + lane));
        for (int t = 0; t < ROWS; t++) {
          out[at + t * groupRows + lane] += weight * x[xAt + k * ROWS + t];
        }
      }
    }
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
    for (int row = 0; row < QUERY_ROWS; row++) {
      for (int key = 0; key < KEYS; key++) {
        float sum = 0;
        for (int e = 0; e < size; e++) {
          float k = KvBlock.key(type, keys, keysAt, size, key, e);
          sum += q[qAt + row * size + e] * k;
        }
        out[at + row * stride + key] = sum;
      }
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
    for (int key = 0; key < KEYS; key++) {
      for (int e = 0; e < size; e++) {
        float v = KvBlock.value(type, values, valuesAt, size, key, e);
        for (int row = 0; row < QUERY_ROWS; row++) {
          out[at + row * size + e] += p[pAt + row * stride + key] * v;
        }
      }
    }
  }

  @Override
  public float inner(float[] x, int at, MemorySegment y, long yAt, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[at + i] * y.get(RecordReader.FLOAT, yAt + 4L * i);
    }
    return sum;
  }

  @Override
  public void addProduct(
      float[] weights, int weightsAt, int n, float[] x, int xAt, float[] out, int at) {
    ScalarElements.addProduct(weights, weightsAt, n, x, xAt, out, at, lanes());
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
}
