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
    agreement.attention();
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
    panels(what, matrix);
    if (matrix.type().quantized()) {
      dots(what, matrix, constant(columns, 0));
      dots(what, matrix, constant(columns, 3));
      dots(what, matrix, constant(columns, -3));
      dots(what, matrix, floats(columns));
    }
  }

  private void packing(String what, GgufTensor tensor, PackedMatrix matrix) {
    float[] expected = tensor.toFloats();
    float[] row = new float[matrix.columns()];
    for (int r = 0; r < matrix.rows(); r++) {
      matrix.row(r, row, 0);
      float[] right = Arrays.copyOfRange(expected, r * row.length, (r + 1) * row.length);
      close(what + " row " + r, right, row, 1e-3);
    }
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
    QuantizedRows x = new QuantizedRows(2, matrix.columns());
    scalar.quantize(values, 0, x, 1);
    int[] sums = new int[Kernels.DOT_SUMS];
    float[] a = new float[vector.groupRows()];
    float[] b = new float[vector.groupRows()];
    for (int group = 0; group < matrix.groups(); group++) {
      scalar.dot(matrix, group, x, 1, sums, a, 0);
      vector.dot(matrix, group, x, 1, sums, b, 0);
      close(what + " dot", a, b, 1e-5);
    }
  }

  private void tiles() {
    int group = vector.groupRows();
    for (int columns : new int[] {1, 2, 31, 256}) {
      for (int tokens = 1; tokens < 14; tokens++) {
        int width = vector.tileWidth(tokens);
        MemorySegment panel = segment(columns * group);
        float[] x = floats(columns * width + 3);
        float[] a = floats(width * group + 7);
        float[] b = a.clone();
        scalar.tile(width, panel, columns, x, 3, a, 7);
        vector.tile(width, panel, columns, x, 3, b, 7);
        close("tile of " + width, a, b, 1e-5);
      }
    }
  }

  private void attention() {
    for (int size : new int[] {32, 64, 96, 256}) {
      int block = size * Kernels.KEYS;
      MemorySegment kept = segment(3 * block);
      float[] q = floats(5 + Kernels.QUERY_ROWS * size);
      float[] a = new float[Kernels.QUERY_ROWS * 48 + 2];
      float[] b = a.clone();
      scalar.scores(q, 5, size, kept, 8L * block, a, 2, 48);
      vector.scores(q, 5, size, kept, 8L * block, b, 2, 48);
      close("scores of " + size, a, b, 1e-5);
      float[] out = floats(3 + Kernels.QUERY_ROWS * size);
      float[] same = out.clone();
      scalar.mix(a, 2, 48, kept, 4L * block, out, 3, size);
      vector.mix(a, 2, 48, kept, 4L * block, same, 3, size);
      close("mix of " + size, out, same, 1e-5);
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
    QuantizedRows a = new QuantizedRows(2, 160);
    QuantizedRows b = new QuantizedRows(2, 160);
    float[] back = new float[160];
    for (int row = 0; row < 2; row++) {
      scalar.quantize(x, row * 160, a, row);
      vector.quantize(x, row * 160, b, row);
      vector.roundTrip(x, row * 160, back, 0, 160);
      for (int k = 0; k < 160; k++) {
        equal("quantized", a.value(row, k), b.value(row, k), 0);
        equal("round trip", a.value(row, k), back[k], 0);
        equal("near", x[row * 160 + k], back[k], 0.5 / 127 * 7);
      }
    }
    close("sums", a.sums, b.sums, 0);
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
