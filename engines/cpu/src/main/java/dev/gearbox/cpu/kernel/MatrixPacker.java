package dev.gearbox.cpu.kernel;

import dev.gearbox.format.gguf.BlockDecoder;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Repacks a tensor of a GGUF file into a {@link PackedMatrix}, one group of rows at a time; groups
 * may be packed by different threads.
 */
public final class MatrixPacker {
  private static final int ALIGNMENT = 64;

  private final GgufTensor tensor;
  private final int rowBytes;
  private final PackedMatrix matrix;

  /**
   * Allocates room for the tensor; nothing is packed yet.
   *
   * @param groupRows that of the kernels that will read it
   * @throws GgufException when a scale of the tensor is no finite number
   */
  public MatrixPacker(GgufTensor tensor, int groupRows, SegmentAllocator memory) {
    this(ScaleBound.of(tensor), groupRows, memory);
  }

  /**
   * The same of a tensor whose scales are known.
   *
   * @param bound has seen all its rows
   */
  public MatrixPacker(ScaleBound bound, int groupRows, SegmentAllocator memory) {
    tensor = bound.tensor();
    rowBytes = (int) tensor.type().bytes(tensor.columns());
    matrix =
        new PackedMatrix(
            RawBlocks.packedType(tensor.type()),
            Math.toIntExact(tensor.rows()),
            tensor.columns(),
            groupRows,
            bound.shift(),
            memory.allocate(bytes(tensor, groupRows), ALIGNMENT));
  }

  /** Bytes that a tensor takes once packed. */
  public static long bytes(GgufTensor tensor, int groupRows) {
    long groups = Math.ceilDiv(tensor.rows(), (long) groupRows);
    long blocks = Math.ceilDiv(tensor.columns(), PackedMatrix.BLOCK);
    int record = RawBlocks.packedType(tensor.type()).recordBytes(groupRows);
    return Math.multiplyExact(groups, Math.multiplyExact(blocks, record));
  }

  /** What is or will be packed. */
  public PackedMatrix matrix() {
    return matrix;
  }

  /** Packs one group. */
  public void pack(int group) {
    int rows = Math.min(matrix.groupRows(), matrix.rows() - group * matrix.groupRows());
    byte[][] raw = new byte[rows][rowBytes];
    for (int lane = 0; lane < rows; lane++) {
      long from = ((long) group * matrix.groupRows() + lane) * rowBytes;
      MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, from, raw[lane], 0, rowBytes);
      if (tensor.type() == GgmlType.Q2_K) {
        raw[lane] = halves(raw[lane]);
      }
    }
    byte[] record = new byte[matrix.recordBytes()];
    RawBlocks blocks = new RawBlocks(tensor.type());
    long to = matrix.groupAt(group);
    for (int b = 0; b < matrix.blocks(); b++, to += record.length) {
      Arrays.fill(record, (byte) 0);
      for (int lane = 0; lane < rows; lane++) {
        if (matrix.type().quantized()) {
          blocks.read(raw[lane], b);
          put(blocks, record, lane);
        } else {
          putFloats(raw[lane], b, record, lane);
        }
      }
      MemorySegment.copy(record, 0, matrix.data(), ValueLayout.JAVA_BYTE, to, record.length);
    }
  }

  /** A row of blocks as the half floats that are packed instead. */
  private byte[] halves(byte[] row) {
    float[] values = new float[matrix.columns()];
    BlockDecoder.decode(tensor.type(), MemorySegment.ofArray(row), 0, values.length, values, 0);
    byte[] halves = new byte[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      short half = Float.floatToFloat16(values[i]);
      halves[2 * i] = (byte) half;
      halves[2 * i + 1] = (byte) (half >> 8);
    }
    return halves;
  }

  private void putFloats(byte[] row, int block, byte[] record, int lane) {
    int size = matrix.type().bits() / 8;
    int columns = Math.min(PackedMatrix.BLOCK, matrix.columns() - block * PackedMatrix.BLOCK);
    for (int k = 0; k < columns; k++) {
      int from = (block * PackedMatrix.BLOCK + k) * size;
      System.arraycopy(row, from, record, (k * matrix.groupRows() + lane) * size, size);
    }
  }

  private void put(RawBlocks blocks, byte[] record, int lane) {
    int rows = matrix.groupRows();
    PackedType type = matrix.type();
    if (type == PackedType.BYTE) {
      for (int k = 0; k < PackedMatrix.BLOCK; k++) {
        record[k / 2 * 2 * rows + 2 * lane + k % 2] = (byte) blocks.quants[k];
      }
    } else {
      for (int k = 0; k < 16; k++) {
        int nibbles = (blocks.quants[k] & 15) | (blocks.quants[16 + k] & 15) << 4;
        record[k / 2 * 2 * rows + 2 * lane + k % 2] = (byte) nibbles;
      }
      putPlane(blocks, record, lane);
    }
    for (int s = 0; s < type.scales(); s++) {
      putHalf(blocks.scales[s], record, type.scaleAt(rows) + 2 * (s * rows + lane));
    }
    if (type.hasMins()) {
      putHalf(blocks.min, record, type.minAt(rows) + 2 * lane);
    }
  }

  private void putPlane(RawBlocks blocks, byte[] record, int lane) {
    int rows = matrix.groupRows();
    int half = lane / (rows / 2);
    int inHalf = 2 * (lane % (rows / 2));
    int bits = matrix.type().bits() - 4;
    // One plane byte takes the upper bits of 8 / bits pairs; see the picture in PackedMatrix.
    int bytesPerHalf = 2 * bits;
    for (int k = 0; bits > 0 && k < PackedMatrix.BLOCK; k++) {
      int pair = k % 16 / 2;
      int plane = half * bytesPerHalf + k / 16 * bits + pair * bits / 8;
      int at = matrix.type().planeAt(rows) + plane * rows + inHalf + k % 2;
      record[at] |= (byte) (blocks.quants[k] >>> 4 << pair * bits % 8);
    }
  }

  private void putHalf(float value, byte[] record, int at) {
    short half = Float.floatToFloat16(Math.scalb(value, matrix.shift()));
    record[at] = (byte) half;
    record[at + 1] = (byte) (half >> 8);
  }
}
