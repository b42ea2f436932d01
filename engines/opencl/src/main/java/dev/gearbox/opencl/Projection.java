package dev.gearbox.opencl;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The product of a matrix and the rows of a buffer. Few rows are multiplied one by one, more in
 * tiles; a row's sums are the same bits in either.
 */
final class Projection implements Stage {
  /** Rows up to which decoding a block of weights anew for each costs little. */
  static final int SINGLES = 4;

  private static final int FIRST = 7;
  private static final int ROWS = 8;

  private final ClQueue queue;
  private final ClKernel single;
  private final ClKernel tile;
  private final int tokens;

  /**
   * @param bias added to each row; null for none
   * @param arena as long as the kernels
   */
  Projection(
      OpenClContext context,
      ClQueue queue,
      DeviceMatrix matrix,
      ClBuffer x,
      ClBuffer y,
      @Nullable ClBuffer bias,
      Resources resources,
      Arena arena) {
    this.queue = queue;
    Tiling tiling = context.tiling();
    tokens = tiling.tokens();
    long groups = Math.ceilDiv(matrix.rows(), tiling.rows());
    int group = tiling.rows() * tiling.lanes();
    ClKernel[] kernels = new ClKernel[2];
    for (int i = 0; i < 2; i++) {
      long program = DeviceMatrix.program(context, matrix.type(), i == 0 ? 1 : tokens);
      kernels[i] =
          resources
              .add(new ClKernel(program, "multiply", groups * group, group, arena))
              .with(matrix.data())
              .with(x)
              .with(y)
              .with(bias != null ? bias : y)
              .with(bias != null ? 1 : 0)
              .with(matrix.rows())
              .with(matrix.columns())
              .with(0)
              .with(0);
    }
    single = kernels[0];
    tile = kernels[1];
  }

  @Override
  public void run(int rows) {
    run(0, rows);
  }

  /** Multiplies rows from {@code first} on; their products begin at the first of {@code y}. */
  void run(int first, int rows) {
    boolean few = rows <= SINGLES;
    ClKernel kernel = few ? single : tile;
    kernel.set(FIRST, first);
    kernel.set(ROWS, rows);
    kernel.run(queue, few ? rows : Math.ceilDiv(rows, tokens));
  }
}
