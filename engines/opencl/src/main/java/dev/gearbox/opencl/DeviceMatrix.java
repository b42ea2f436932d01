package dev.gearbox.opencl;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufTensor;

/**
 * A matrix on a device, row after row in the blocks that its file has.
 *
 * @param columns a multiple of 32
 */
record DeviceMatrix(GgmlType type, int rows, int columns, ClBuffer data) implements AutoCloseable {
  /** Copies a tensor of a file. */
  static DeviceMatrix of(GgufTensor tensor, OpenClContext context, ClQueue queue) {
    ClBuffer data = context.allocate(tensor.name(), tensor.data().byteSize());
    try {
      queue.write(data, 0, tensor.data());
    } catch (RuntimeException e) {
      data.close();
      throw e;
    }
    return new DeviceMatrix(tensor.type(), Math.toIntExact(tensor.rows()), tensor.columns(), data);
  }

  /** The program that reads matrices of a type. */
  static long program(OpenClContext context, GgmlType type, int tokens) {
    Tiling tiling = context.tiling();
    String macros =
        "-D TYPE_%s -D BLOCK_ELEMENTS=%d -D BLOCK_BYTES=%d -D LANES=%d -D ROWS=%d -D TOKENS=%d"
            .formatted(
                type,
                type.blockSize(),
                type.bytesPerBlock(),
                tiling.lanes(),
                tiling.rows(),
                tokens);
    return context.programs().program(macros, "blocks.cl", "matrix.cl");
  }

  @Override
  public void close() {
    data.close();
  }
}
