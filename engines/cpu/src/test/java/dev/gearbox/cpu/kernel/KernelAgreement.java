package dev.gearbox.cpu.kernel;

import dev.gearbox.cpu.kernel.RandomTensors.Fill;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/**
 * Compares the vector kernels of this process with their scalar twins, over random and edge inputs.
 * A program of its own because a process has one vector width.
 */
public final class KernelAgreement {
  private static final int[] LENGTHS = {0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100};

  private final Kernels vector = new VectorKernels();
  private final Kernels scalar = new ScalarKernels(vector.groupRows());
  private final Random random = new Random(42);
  private final Arena arena = Arena.ofAuto();

  /** Checks everything; throws AssertionError at the first disagreement. */
  public static void main(String[] args) {
    KernelAgreement agreement = new KernelAgreement();
    for (GgmlType type : GgmlType.values()) {
      for (Fill fill : Fill.values()) {
        agreement.matrices(type, fill);
      }
    }
    agreement.tiles();
    for (KvType type : KvType.values()) {
      agreement.attention(type);
    }
    for (int length : LENGTHS) {
      agreement.reductions(length);
      agreement.activations(length);
    }
    agreement.quantization();
    System.out.println("agreed at " + SimdWidth.bits() + " bits");
  }

  private void matrices(GgmlType type, Fill fill) {
    int rows = 2 * vector.groupRows() + 5;
    int columns = 512;
    GgufTensor tensor = RandomTensors.tensor(type, rows, columns, fill, random);
    MatrixPacker packer = new MatrixPacker(tensor, vector.groupRows(), arena);
    for (int group = 0; group < packer.matrix().groups(); group++) {
      packer.pack(group);
    }
    PackedMatrix matrix = packer.matrix();
    String what = type + " " + fill;
    packing(what, tensor, matrix);
    if (!matrix.type().quantized()) {
      panels(what, matrix);
    } else {
      products(what, matrix);
      dots(what, matrix, constant(columns, 0));
      dots(what, matrix, constant(columns, 3));
      dots(what, matrix, constant(columns, -3));
      dots(what, matrix, floats(columns));
    }
  }

  private void packing(String what, GgufTensor tensor, PackedMatrix matrix) {
    float[] expected = tensor.toFloats();
    float[] found = new float[expected.length];
    for (int r = 0; r < matrix.rows(); r++) {
      matrix.row(r, found, r * matrix.columns());
    }
    // Of all rows: where a scale and a min nearly cancel, a row is smaller than what they round by.
    close(what + " rows", expected, found, 1e-3);
  }

  private void panels(String what, PackedMatrix matrix) {
    int group = vector.groupRows();
    MemorySegment a = arena.allocate(4L * 96 * group, 64);
    MemorySegment b = arena.allocate(4L * 96 * group, 64);
    for (int g = 0; g < matrix.groups(); g++) {
      scalar.panel(matrix, g, 2, 3, a);
      vector.panel(matrix, g, 2, 3, b);
      close(what + " panel", read(a, 96 * group), read(b, 96 * group), 1e-6);
    }
  }

  private void dots(String what, PackedMatrix matrix, float[] values) {
    QuantizedRows x = new QuantizedRows(2, matrix.columns(), false);
    scalar.quantize(values, 0, x, 1);
    int[] sums = new int[Kernels.SUMS];
    float[] a = new float[vector.groupRows()];
    float[] b = new float[vector.groupRows()];
    for (int group = 0; group < matrix.groups(); group++) {
      scalar.dot(matrix, group, x, 1, sums, a, 0);
      vector.dot(matrix, group, x, 1, sums, b, 0);
      close(what + " dot", a, b, 1e-5);
    }
  }

  private void products(String what, PackedMatrix matrix) {
    int group = vector.groupRows();
    int most = Kernels.DECODED_BLOCKS;
    QuantizedRows x = new QuantizedRows(8, matrix.columns(), true);
    scalar.quantize(constant(matrix.columns(), -3), 0, x, 4);
    for (int row = 5; row < 8; row++) {
      scalar.quantize(floats(matrix.columns()), 0, x, row);
    }
    x.interleave(4);
    int[] sums = new int[Kernels.SUMS];
    DecodedBlocks a = new DecodedBlocks(group);
    DecodedBlocks b = new DecodedBlocks(group);
    float[] dot = new float[group];
    for (int g = 0; g < matrix.groups(); g++) {
      float[] expected = new float[4 * group + 3];
      float[] found = new float[4 * group + 3];
      for (int block = 0; block < matrix.blocks(); block += most - 1) {
        int blocks = Math.min(most - 1, matrix.blocks() - block);
        scalar.decode(matrix, g, block, blocks, a);
        scalar.products(matrix.type(), a, x, 4, block, blocks, sums, expected, 3);
        vector.decode(matrix, g, block, blocks, b);
        vector.products(matrix.type(), b, x, 4, block, blocks, sums, found, 3);
      }
      close(what + " products", expected, found, 1e-5);
      for (int t = 0; t < 4; t++) {
        vector.dot(matrix, g, x, 4 + t, sums, dot, 0);
        close(what + " dot", dot, Arrays.copyOfRange(found, 3 + t * group, 3 + (t + 1) * group), 0);
        scalar.dot(matrix, g, x, 4 + t, sums, dot, 0);
        int from = 3 + t * group;
        close(what + " scalar dot", dot, Arrays.copyOfRange(expected, from, from + group), 0);
      }
    }
  }

  private void tiles() {
    int group = vector.groupRows();
    for (int columns : new int[] {1, 2, 31, 256}) {
      MemorySegment panel = segment(columns * group);
      float[] x = floats(columns * Kernels.ROWS + 3);
      float[] a = floats(Kernels.ROWS * group + 7);
      float[] b = a.clone();
      scalar.tile(panel, columns, x, 3, a, 7);
      vector.tile(panel, columns, x, 3, b, 7);
      close("tile of " + columns, a, b, 1e-5);
    }
  }

  private void attention(KvType type) {
    for (int size : new int[] {32, 64, 96, 256}) {
      long block = KvBlock.bytes(type, size);
      MemorySegment keys = arena.allocate(2 * block, 64);
      MemorySegment values = arena.allocate(2 * block, 64);
      for (int slot = 0; slot < Kernels.KEYS; slot++) {
        // A token of zeros has no scale, and one beyond halves is kept as the largest.
        float[] x = slot == 3 ? new float[size] : floats(size);
        x[1] = slot == 5 ? 1e6f : x[1];
        x[2] = slot == 6 ? 1e-6f : x[2];
        KvBlock.putKey(type, keys, block, size, slot, x, 0);
        KvBlock.putValue(type, values, block, size, slot, x, 0);
        for (int e = 0; e < size && slot != 5; e++) {
          equal(type + " key", x[e], KvBlock.key(type, keys, block, size, slot, e), 0.02);
          equal(type + " value", x[e], KvBlock.value(type, values, block, size, slot, e), 0.02);
        }
      }
      float[] q = floats(5 + Kernels.QUERY_ROWS * size);
      float[] a = new float[Kernels.QUERY_ROWS * 48 + 2];
      float[] b = a.clone();
      scalar.scores(type, q, 5, size, keys, block, a, 2, 48);
      vector.scores(type, q, 5, size, keys, block, b, 2, 48);
      close(type + " scores of " + size, a, b, 1e-5);
      float[] p = floats(a.length);
      float[] out = floats(3 + Kernels.QUERY_ROWS * size);
      float[] same = out.clone();
      scalar.mix(type, p.clone(), 2, 48, values, block, out, 3, size);
      vector.mix(type, p.clone(), 2, 48, values, block, same, 3, size);
      close(type + " mix of " + size, out, same, 1e-5);
      MemorySegment y = segment(3 + size);
      float inner = scalar.inner(q, 5, y, 12, size);
      equal("inner of " + size, inner, vector.inner(q, 5, y, 12, size), 1e-4 * size);
    }
  }

  private void reductions(int n) {
    float[] x = floats(n + 3);
    equal("max of " + n, scalar.max(x, 3, n), vector.max(x, 3, n), 0);
    float[] a = x.clone();
    float[] b = x.clone();
    if (n > 2) {
      a[4] = b[4] = Float.NEGATIVE_INFINITY;
      a[5] = b[5] = -200;
    }
    equal("sum of " + n, scalar.expSum(a, 3, n, 2.5f), vector.expSum(b, 3, n, 2.5f), 1e-4);
    close("exp of " + n, a, b, 1e-6);
    float[] weight = floats(n);
    scalar.rmsNorm(x, 3, n, weight, 1e-5f, a, 1);
    vector.rmsNorm(x, 3, n, weight, 1e-5f, b, 1);
    close("norm of " + n, a, b, 1e-5);
    scalar.rmsNorm(a, 3, n, weight, 1e-5f, a, 3);
    vector.rmsNorm(b, 3, n, weight, 1e-5f, b, 3);
    close("norm in place of " + n, a, b, 1e-5);
  }

  private void activations(int n) {
    float[] up = floats(n + 2);
    float[] gate = floats(n + 2);
    if (n > 3) {
      gate[2] = 300;
      gate[3] = -300;
    }
    float[] a = gate.clone();
    float[] b = gate.clone();
    scalar.swiglu(a, up, 2, n);
    vector.swiglu(b, up, 2, n);
    close("swiglu of " + n, a, b, 1e-6);
    a = gate.clone();
    b = gate.clone();
    scalar.geglu(a, up, 2, n);
    vector.geglu(b, up, 2, n);
    close("geglu of " + n, a, b, 1e-5);
    int strip = n * vector.lanes();
    float[] weights = floats(strip + 2);
    float[] sums = floats(vector.lanes() + 1);
    float[] same = sums.clone();
    ScalarElements.addProduct(weights, 2, n, up, 1, sums, 1, vector.lanes());
    vector.addProduct(weights, 2, n, up, 1, same, 1);
    close("product of " + n + " columns", sums, same, 1e-4);
    scalar.add(a, 2, up, 1, n);
    vector.add(b, 2, up, 1, n);
    scalar.scale(a, 1, n, 0.3f);
    vector.scale(b, 1, n, 0.3f);
    close("add and scale of " + n, a, b, 1e-5);
  }

  private void quantization() {
    float[] x = floats(320);
    Arrays.fill(x, 64, 96, 0f);
    Arrays.fill(x, 96, 128, -7f);
    QuantizedRows a = new QuantizedRows(2, 160, false);
    QuantizedRows b = new QuantizedRows(2, 160, false);
    for (int row = 0; row < 2; row++) {
      scalar.quantize(x, row * 160, a, row);
      vector.quantize(x, row * 160, b, row);
      for (int k = 0; k < 160; k++) {
        equal("quantized", a.value(row, k), b.value(row, k), 0);
        equal("near", x[row * 160 + k], a.value(row, k), 0.5 / 127 * 7);
      }
    }
    if (!Arrays.equals(a.totals, b.totals)) {
      throw new AssertionError("totals of quantized rows differ");
    }
  }

  private float[] floats(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] constant(int n, float value) {
    float[] values = new float[n];
    Arrays.fill(values, value);
    return values;
  }

  private MemorySegment segment(int n) {
    MemorySegment segment = arena.allocate(4L * n, 64);
    MemorySegment.copy(floats(n), 0, segment, RecordReader.FLOAT, 0, n);
    return segment;
  }

  private static float[] read(MemorySegment segment, int n) {
    float[] values = new float[n];
    MemorySegment.copy(segment, RecordReader.FLOAT, 0, values, 0, n);
    return values;
  }

  /** Equal within {@code bound} of the largest magnitude expected. */
  private static void close(String what, float[] expected, float[] found, double bound) {
    double most = 1e-30;
    for (float value : expected) {
      most = Math.max(most, Float.isFinite(value) ? Math.abs(value) : 0);
    }
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] != found[i]) {
        equal(what + " at " + i, expected[i], found[i], bound * most);
      }
    }
  }

  private static void equal(String what, float expected, float found, double bound) {
    if (expected != found && !(Math.abs((double) expected - found) <= bound)) {
      throw new AssertionError(what + ": expected " + expected + ", found " + found);
    }
  }
}
