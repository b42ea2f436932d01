package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.DecodedBlocks;
import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.format.model.ModelShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of one worker's own, reused by every job that it runs. */
final class WorkerMemory {
  /** Columns of a panel: with 32 rows of floats it fits an L1 cache of 32 KB. */
  static final int PANEL_COLUMNS = Kernels.DECODED_BLOCKS * PackedMatrix.BLOCK;

  /** Query rows of an attention job. */
  static final int QUERY_ROWS = 16;

  /** Keys whose scores are kept at a time. */
  static final int SCORES = 8 * KvCache.BLOCK;

  final MemorySegment panel;
  final DecodedBlocks decoded;
  final float[] sums;
  final int[] integers = new int[Kernels.SUMS];
  final float[] queries;
  final float[] scores = new float[QUERY_ROWS * SCORES];
  final float[] mixed;
  final float[] most = new float[QUERY_ROWS];
  final float[] weight = new float[QUERY_ROWS];
  final float[] signed;
  float[] ranks = new float[0];
  float[] sorted = new float[0];
  int[] chosen = new int[0];

  WorkerMemory(ModelShape shape, Kernels kernels, int maxRows, Arena arena) {
    int group = kernels.groupRows();
    panel = arena.allocate((long) Float.BYTES * PANEL_COLUMNS * group, 64);
    decoded = new DecodedBlocks(group);
    sums = new float[(maxRows + 8) * group];
    queries = new float[QUERY_ROWS * shape.headSize()];
    mixed = new float[QUERY_ROWS * shape.headSize()];
    signed = new float[2 * shape.headSize()];
  }

  /** Makes room to choose among blocks. */
  void roomFor(int blocks, int most) {
    if (ranks.length < blocks) {
      ranks = new float[2 * blocks];
      sorted = new float[2 * blocks];
    }
    if (chosen.length < most) {
      chosen = new int[most];
    }
  }
}
