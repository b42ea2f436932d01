package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads single numbers out of the records of a {@link PackedMatrix}: the definition of its layout.
 */
final class RecordReader {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private RecordReader() {}

  static float weight(PackedMatrix matrix, long record, int lane, int k) {
    MemorySegment data = matrix.data();
    int rows = matrix.groupRows();
    return switch (matrix.type()) {
      case FLOAT -> data.get(FLOAT, record + 4L * (k * rows + lane));
      case HALF -> Float.float16ToFloat(data.get(SHORT, record + 2L * (k * rows + lane)));
      case BRAIN -> Float.intBitsToFloat(data.get(SHORT, record + 2L * (k * rows + lane)) << 16);
      case NIBBLE, NIBBLE_OFFSET, FIVE, FIVE_OFFSET, SIX, BYTE ->
          scale(matrix, record, lane, k) * (quant(matrix, record, lane, k) + matrix.type().offset())
              + min(matrix, record, lane);
    };
  }

  /** The stored integer of a weight, before the offset. */
  static int quant(PackedMatrix matrix, long record, int lane, int k) {
    MemorySegment data = matrix.data();
    int rows = matrix.groupRows();
    if (matrix.type() == PackedType.BYTE) {
      return data.get(
          ValueLayout.JAVA_BYTE, record + (long) (k / 2) * 2 * rows + 2L * lane + k % 2);
    }
    int upper = k / 16;
    int pair = k % 16 / 2;
    int j = k % 2;
    int bits = data.get(ValueLayout.JAVA_BYTE, record + (long) pair * 2 * rows + 2L * lane + j);
    int nibble = bits >>> (4 * upper) & 15;
    return nibble | plane(matrix, record, lane, upper, pair, j) << 4;
  }

  /** The bits of a weight above its low four. */
  private static int plane(PackedMatrix matrix, long record, int lane, int upper, int pair, int j) {
    int rows = matrix.groupRows();
    int half = rows / 2;
    int inHalf = 2 * (lane % half) + j;
    int h = lane / half;
    long plane = record + matrix.type().planeAt(rows);
    return switch (matrix.type().bits()) {
      case 5 -> {
        long at = plane + (long) (2 * h + upper) * rows + inHalf;
        yield matrix.data().get(ValueLayout.JAVA_BYTE, at) >>> pair & 1;
      }
      case 6 -> {
        long at = plane + (long) (4 * h + 2 * upper + pair / 4) * rows + inHalf;
        yield matrix.data().get(ValueLayout.JAVA_BYTE, at) >>> (2 * (pair % 4)) & 3;
      }
      default -> 0;
    };
  }

  static float scale(PackedMatrix matrix, long record, int lane, int k) {
    int rows = matrix.groupRows();
    int s = matrix.type().scales() == 2 ? k / 16 : 0;
    return half(matrix, record + matrix.type().scaleAt(rows) + 2L * (s * rows + lane));
  }

  static float min(PackedMatrix matrix, long record, int lane) {
    if (!matrix.type().hasMins()) {
      return 0;
    }
    return half(matrix, record + matrix.type().minAt(matrix.groupRows()) + 2L * lane);
  }

  private static float half(PackedMatrix matrix, long at) {
    return Math.scalb(Float.float16ToFloat(matrix.data().get(SHORT, at)), -matrix.shift());
  }
}
