package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.QuantizedRows;
import dev.gearbox.cpu.parallel.Stage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Multiplies the rows of one operand by one or several matrices, a few groups of rows to a job. */
final class Projection implements Stage {
  // Many enough to even out a worker that lost its core, few enough to stream through memory.
  private static final int JOBS = 32;

  /** A matrix and where its products go: row {@code t} at {@code t · stride}. */
  static final class Part {
    private final int site;
    private final PackedMatrix matrix;
    private final float @Nullable [] bias;
    private float[] out;

    Part(int site, PackedMatrix matrix, float @Nullable [] bias, float[] out) {
      this.site = site;
      this.matrix = matrix;
      this.bias = bias;
      this.out = out;
    }

    int site() {
      return site;
    }

    void to(float[] target) {
      out = target;
    }

    float[] out() {
      return out;
    }
  }

  private final Kernels kernels;
  private final StepState step;
  private final Operand operand;
  private final WorkerMemory[] memory;
  private final LoraProducts lora;
  // An array: every job would make an iterator of a list, 170 KB a token.
  private final Part[] parts;

  Projection(
      Kernels kernels,
      StepState step,
      Operand operand,
      WorkerMemory[] memory,
      LoraProducts lora,
      Part[] parts) {
    this.kernels = kernels;
    this.step = step;
    this.operand = operand;
    this.memory = memory;
    this.lora = lora;
    this.parts = parts.clone();
  }

  @Override
  public int jobs() {
    int jobs = 0;
    for (Part part : parts) {
      jobs += Math.ceilDiv(part.matrix.groups(), groupsOfJob(part));
    }
    return step.rows() == 0 ? 0 : jobs;
  }

  private int groupsOfJob(Part part) {
    return step.rows() == 1 ? Math.ceilDiv(part.matrix.groups(), JOBS) : 1;
  }

  @Override
  public void run(int job, int worker) {
    int before = 0;
    for (Part part : parts) {
      int groups = groupsOfJob(part);
      int jobs = Math.ceilDiv(part.matrix.groups(), groups);
      if (job < before + jobs) {
        int first = (job - before) * groups;
        int end = Math.min(first + groups, part.matrix.groups());
        for (int group = first; group < end; group++) {
          multiply(part, group, memory[worker]);
        }
        return;
      }
      before += jobs;
    }
  }

  private void multiply(Part part, int group, WorkerMemory own) {
    int rows = step.rows();
    if (!part.matrix.type().quantized()) {
      tiles(part.matrix, group, rows, own);
    } else if (rows <= part.matrix.type().mostDots()) {
      for (int row = 0; row < rows; row++) {
        int at = row * kernels.groupRows();
        kernels.dot(part.matrix, group, operand.quantized, row, own.integers, own.sums, at);
      }
    } else {
      products(part.matrix, group, rows, own);
    }
    emit(part, group, rows, own.sums);
  }

  private void products(PackedMatrix matrix, int group, int rows, WorkerMemory own) {
    QuantizedRows x = operand.quantized;
    Arrays.fill(own.sums, 0, (rows + 8) * kernels.groupRows(), 0f);
    for (int block = 0; block < matrix.blocks(); block += Kernels.DECODED_BLOCKS) {
      int blocks = Math.min(Kernels.DECODED_BLOCKS, matrix.blocks() - block);
      kernels.decode(matrix, group, block, blocks, own.decoded);
      for (int row = 0; row < rows; row += Kernels.ROWS) {
        int at = row * kernels.groupRows();
        kernels.products(
            matrix.type(), own.decoded, x, row, block, blocks, own.integers, own.sums, at);
      }
    }
  }

  private void tiles(PackedMatrix matrix, int group, int rows, WorkerMemory own) {
    Arrays.fill(own.sums, 0, (rows + 8) * kernels.groupRows(), 0f);
    for (int block = 0; block < matrix.blocks(); block += Kernels.DECODED_BLOCKS) {
      int blocks = Math.min(Kernels.DECODED_BLOCKS, matrix.blocks() - block);
      int column = block * PackedMatrix.BLOCK;
      kernels.panel(matrix, group, block, blocks, own.panel);
      for (int row = 0; row < rows; row += Kernels.ROWS) {
        int from = row * operand.columns + column * Kernels.ROWS;
        int columns = blocks * PackedMatrix.BLOCK;
        int at = row * kernels.groupRows();
        kernels.tile(own.panel, columns, operand.exact, from, own.sums, at);
      }
    }
  }

  private void emit(Part part, int group, int rows, float[] sums) {
    int size = kernels.groupRows();
    int first = group * size;
    int stride = part.matrix.rows();
    int count = Math.min(size, stride - first);
    for (int row = 0; row < rows; row++) {
      if (part.bias != null) {
        kernels.add(sums, row * size, part.bias, first, count);
      }
      if (step.maxRank() > 0) {
        int place = part.site - parts[0].site;
        lora.add(part.site, place, group, row, sums, row * size);
      }
      System.arraycopy(sums, row * size, part.out, row * stride + first, count);
    }
  }
}
