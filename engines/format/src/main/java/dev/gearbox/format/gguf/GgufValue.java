package dev.gearbox.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A metadata value as its bytes in the file, decoded when asked for: opening a file allocates
 * nothing in proportion to what its header claims.
 *
 * @param type the type; {@code ARRAY} for arrays
 * @param elementType the type of the elements of an array, the type itself otherwise
 * @param count elements of an array, 1 otherwise
 * @param bytes the encoding: of a string with its length, of an array without its type and count
 */
public record GgufValue(
    GgufValueType type, GgufValueType elementType, long count, MemorySegment bytes) {

  /** A string. */
  public static GgufValue of(String text) {
    return ofText(GgufValueType.STRING, List.of(text));
  }

  /** An unsigned 32-bit number. */
  public static GgufValue of(int number) {
    byte[] bytes = new byte[4];
    little(bytes).putInt(number);
    return scalar(GgufValueType.UINT32, bytes);
  }

  /** A 32-bit float. */
  public static GgufValue of(float number) {
    byte[] bytes = new byte[4];
    little(bytes).putFloat(number);
    return scalar(GgufValueType.FLOAT32, bytes);
  }

  /** A boolean. */
  public static GgufValue of(boolean value) {
    return scalar(GgufValueType.BOOL, new byte[] {(byte) (value ? 1 : 0)});
  }

  /** An array of strings. */
  public static GgufValue of(List<String> texts) {
    return ofText(GgufValueType.ARRAY, texts);
  }

  /** An array of signed 32-bit numbers. */
  public static GgufValue of(int[] numbers) {
    byte[] bytes = new byte[4 * numbers.length];
    little(bytes).asIntBuffer().put(numbers);
    return array(GgufValueType.INT32, numbers.length, bytes);
  }

  /** An array of 32-bit floats. */
  public static GgufValue of(float[] numbers) {
    byte[] bytes = new byte[4 * numbers.length];
    little(bytes).asFloatBuffer().put(numbers);
    return array(GgufValueType.FLOAT32, numbers.length, bytes);
  }

  private static GgufValue scalar(GgufValueType type, byte[] bytes) {
    return new GgufValue(type, type, 1, MemorySegment.ofArray(bytes));
  }

  private static GgufValue array(GgufValueType element, long count, byte[] bytes) {
    return new GgufValue(GgufValueType.ARRAY, element, count, MemorySegment.ofArray(bytes));
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static GgufValue ofText(GgufValueType type, List<String> texts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String text : texts) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      byte[] length = new byte[8];
      little(length).putLong(utf8.length);
      out.writeBytes(length);
      out.writeBytes(utf8);
    }
    return new GgufValue(
        type, GgufValueType.STRING, texts.size(), MemorySegment.ofArray(out.toByteArray()));
  }

  /** The element of an array of integers, or the integer itself at 0. */
  long integerAt(long index) {
    return switch (elementType) {
      case UINT8 -> bytes.get(JAVA_BYTE, index) & 0xFFL;
      case INT8 -> bytes.get(JAVA_BYTE, index);
      case UINT16 -> bytes.get(Little.SHORT, 2 * index) & 0xFFFFL;
      case INT16 -> bytes.get(Little.SHORT, 2 * index);
      case UINT32 -> bytes.get(Little.INT, 4 * index) & 0xFFFFFFFFL;
      case INT32 -> bytes.get(Little.INT, 4 * index);
      case UINT64, INT64 -> bytes.get(Little.LONG, 8 * index);
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new IllegalStateException("no integer");
    };
  }

  double realAt(long index) {
    return switch (elementType) {
      case FLOAT32 -> bytes.get(Little.FLOAT, 4 * index);
      case FLOAT64 -> bytes.get(Little.DOUBLE, 8 * index);
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64, BOOL, STRING, ARRAY ->
          throw new IllegalStateException("no real number");
    };
  }

  boolean bool() {
    return bytes.get(JAVA_BYTE, 0) != 0;
  }

  /** The strings in order; bytes that are no UTF-8 become U+FFFD. */
  List<String> texts() {
    List<String> texts = new ArrayList<>((int) count);
    long at = 0;
    for (long i = 0; i < count; i++) {
      int length = (int) bytes.get(Little.LONG, at);
      byte[] utf8 = bytes.asSlice(at + 8, length).toArray(JAVA_BYTE);
      texts.add(new String(utf8, StandardCharsets.UTF_8));
      at += 8 + length;
    }
    return texts;
  }
}
