package dev.gearbox.cpu.bench;

import dev.gearbox.cpu.kernel.DecodedBlocks;
import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.PackedType;
import dev.gearbox.cpu.kernel.QuantizedRows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one core does with a matrix of 256 rows and 1,536 columns, which stays in its L2 cache: dot
 * products with one row of activations, decoding for several, and products with four rows. Scores
 * are weights per nanosecond, for four rows weights times rows.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx512m"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class MatrixBenchmark {
  private static final int ROWS = 256;
  private static final int COLUMNS = 1536;

  @Param({"NIBBLE", "NIBBLE_OFFSET", "FIVE", "SIX", "BYTE"})
  public PackedType type = PackedType.NIBBLE;

  private final Kernels kernels = Kernels.best();
  private final QuantizedRows x = new QuantizedRows(Kernels.ROWS, COLUMNS, true);
  private final int[] sums = new int[Kernels.SUMS];
  private final float[] out = new float[Kernels.ROWS * kernels.groupRows()];
  private final DecodedBlocks decoded = new DecodedBlocks(kernels.groupRows());
  private PackedMatrix matrix = new PackedMatrix(PackedType.FLOAT, 0, 0, 1, 0, MemorySegment.NULL);

  @Setup
  public void fill() {
    Arena arena = Arena.ofAuto();
    MemorySegment data = arena.allocate(2L * ROWS * COLUMNS, 64);
    data.fill((byte) 0x33);
    matrix = new PackedMatrix(type, ROWS, COLUMNS, kernels.groupRows(), 0, data);
    float[] values = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      values[i] = (i * 37 % 101) - 50;
    }
    for (int row = 0; row < Kernels.ROWS; row++) {
      kernels.quantize(values, 0, x, row);
    }
    x.interleave(0);
  }

  @Benchmark
  @OperationsPerInvocation(ROWS * COLUMNS)
  public float[] dot() {
    for (int group = 0; group < matrix.groups(); group++) {
      kernels.dot(matrix, group, x, 0, sums, out, 0);
    }
    return out;
  }

  @Benchmark
  @OperationsPerInvocation(ROWS * COLUMNS)
  public DecodedBlocks decode() {
    for (int group = 0; group < matrix.groups(); group++) {
      for (int block = 0; block < matrix.blocks(); block += Kernels.DECODED_BLOCKS) {
        kernels.decode(matrix, group, block, Kernels.DECODED_BLOCKS, decoded);
      }
    }
    return decoded;
  }

  /** Products with four rows: weights times rows a nanosecond. */
  @Benchmark
  @OperationsPerInvocation(ROWS * COLUMNS * Kernels.ROWS)
  public float[] products() {
    for (int group = 0; group < matrix.groups(); group++) {
      for (int block = 0; block < matrix.blocks(); block += Kernels.DECODED_BLOCKS) {
        kernels.products(type, decoded, x, 0, block, Kernels.DECODED_BLOCKS, sums, out, 0);
      }
    }
    return out;
  }
}
