package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.kernel.RandomTensors;
import dev.gearbox.cpu.kernel.RandomTensors.Fill;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels over matrices against the plain reading of their blocks, for every type. */
class MatrixKernelTest {
  private static final int ROWS = 19;
  private static final int COLUMNS = 512;
  private static final int TOKENS = 11;

  @TempDir static Path cache;

  private final OpenClDevice device = TestingOpenCl.device();
  private final Random random = new Random(3);

  @ParameterizedTest
  @EnumSource
  void decodesToTheBitAndMultipliesAsTheReferenceDoes(GgmlType type) {
    for (Tiling tiling : tilings(type)) {
      try (OpenClContext context = OpenClContext.open(device, tiling, cache);
          ClQueue queue = context.queue()) {
        for (Fill fill : Fill.values()) {
          GgufTensor tensor = RandomTensors.tensor(type, ROWS, COLUMNS, fill, random);
          decodes(tensor, context, queue);
          multiplies(tensor, context, queue);
        }
      }
    }
  }

  /** How blocks are shared out does not depend on their type, and PoCL compiles slowly. */
  private static List<Tiling> tilings(GgmlType type) {
    return type == GgmlType.Q4_1 || type == GgmlType.Q6_K
        ? TestingOpenCl.TILINGS
        : List.of(Tiling.CPU);
  }

  private static void decodes(GgufTensor tensor, OpenClContext context, ClQueue queue) {
    int[] tokens = new int[4 * ROWS];
    for (int row = 0; row < ROWS; row++) {
      tokens[4 * row] = ROWS - 1 - row;
    }
    float[] expected = tensor.toFloats();
    try (Resources resources = new Resources();
        Arena arena = Arena.ofShared()) {
      DeviceMatrix matrix = resources.add(DeviceMatrix.of(tensor, context, queue));
      ClBuffer ids = resources.add(context.allocate("ids", 4L * tokens.length));
      queue.write(ids, 0, arena.allocateFrom(ValueLayout.JAVA_INT, tokens));
      ClBuffer out = resources.add(context.allocate("out", 4L * expected.length));
      long program = DeviceMatrix.program(context, tensor.type(), 1);
      resources
          .add(new ClKernel(program, "embed", COLUMNS / 32, 1, arena))
          .with(matrix.data())
          .with(ids)
          .with(out)
          .with(COLUMNS)
          .with(1f)
          .run(queue, ROWS);
      float[] found = read(queue, out, expected.length, arena);
      for (int row = 0; row < ROWS; row++) {
        for (int k = 0; k < COLUMNS; k++) {
          assertThat(found[row * COLUMNS + k])
              .as("%s row %d element %d", tensor.type(), row, k)
              .isEqualTo(expected[(ROWS - 1 - row) * COLUMNS + k]);
        }
      }
    }
  }

  private void multiplies(GgufTensor tensor, OpenClContext context, ClQueue queue) {
    float[] weights = tensor.toFloats();
    float[] x = floats(TOKENS * COLUMNS);
    float[] bias = floats(ROWS);
    try (Resources resources = new Resources();
        Arena arena = Arena.ofShared()) {
      DeviceMatrix matrix = resources.add(DeviceMatrix.of(tensor, context, queue));
      ClBuffer from = resources.add(context.allocate("x", 4L * x.length));
      ClBuffer added = resources.add(context.allocate("bias", 4L * bias.length));
      ClBuffer to = resources.add(context.allocate("y", 4L * TOKENS * ROWS));
      queue.write(from, 0, arena.allocateFrom(ValueLayout.JAVA_FLOAT, x));
      queue.write(added, 0, arena.allocateFrom(ValueLayout.JAVA_FLOAT, bias));
      Projection projection =
          new Projection(context, queue, matrix, from, to, added, resources, arena);
      projection.run(TOKENS);
      float[] all = read(queue, to, TOKENS * ROWS, arena);
      for (int token = 0; token < TOKENS; token++) {
        for (int row = 0; row < ROWS; row++) {
          double sum = bias[row];
          double magnitude = Math.abs(bias[row]);
          for (int k = 0; k < COLUMNS; k++) {
            double product = (double) weights[row * COLUMNS + k] * x[token * COLUMNS + k];
            sum += product;
            magnitude += Math.abs(product);
          }
          assertThat(Math.abs(all[token * ROWS + row] - sum))
              .as("%s token %d row %d", tensor.type(), token, row)
              .isLessThanOrEqualTo(1e-6 * magnitude);
        }
        // A token alone, and some of a step that is larger: the same bits.
        projection.run(token, 1);
        assertThat(read(queue, to, ROWS, arena))
            .isEqualTo(Arrays.copyOfRange(all, token * ROWS, (token + 1) * ROWS));
      }
    }
  }

  private float[] floats(int count) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = (float) random.nextGaussian();
    }
    return floats;
  }

  private static float[] read(ClQueue queue, ClBuffer buffer, int floats, Arena arena) {
    MemorySegment to = arena.allocate(4L * floats, 16);
    queue.read(buffer, 0, to);
    return to.toArray(ValueLayout.JAVA_FLOAT);
  }
}
