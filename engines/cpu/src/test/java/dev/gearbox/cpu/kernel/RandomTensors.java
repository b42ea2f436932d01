package dev.gearbox.cpu.kernel;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Tensors of every type with random blocks: any bits, but finite scales and floats. */
public final class RandomTensors {
  private static final int[] NO_HALVES = {};

  private RandomTensors() {}

  /** What the integers of a tensor are. */
  public enum Fill {
    RANDOM,
    ALL_ONES,
    ALL_ZEROS
  }

  static byte[] blocks(GgmlType type, long elements, Fill fill, Random random) {
    byte[] bytes = new byte[Math.toIntExact(type.bytes(elements))];
    switch (fill) {
      case RANDOM -> random.nextBytes(bytes);
      case ALL_ONES -> Arrays.fill(bytes, (byte) -1);
      case ALL_ZEROS -> Arrays.fill(bytes, (byte) (type == GgmlType.Q8_0 ? -128 : 0));
    }
    if (type == GgmlType.F32 || type == GgmlType.F16 || type == GgmlType.BF16) {
      for (int at = 0; at < bytes.length; at += type.bytesPerBlock()) {
        putFloat(type, bytes, at, (float) random.nextGaussian());
      }
    }
    for (int at = 0; at < bytes.length; at += type.bytesPerBlock()) {
      for (int half : halves(type)) {
        putHalf(bytes, at + half, random.nextInt(8) == 0 ? 0 : (random.nextFloat() - 0.5f) / 16);
      }
    }
    return bytes;
  }

  private static int[] halves(GgmlType type) {
    return switch (type) {
      case Q4_0, Q5_0, Q8_0 -> new int[] {0};
      case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
      case Q2_K -> new int[] {80, 82};
      case Q3_K -> new int[] {108};
      case Q6_K -> new int[] {208};
      case F32, F16, BF16 -> NO_HALVES;
    };
  }

  private static void putFloat(GgmlType type, byte[] bytes, int at, float value) {
    int bits = Float.floatToRawIntBits(value);
    switch (type) {
      case F32 -> {
        putShort(bytes, at, bits);
        putShort(bytes, at + 2, bits >> 16);
      }
      case BF16 -> putShort(bytes, at, bits >> 16);
      default -> putHalf(bytes, at, value);
    }
  }

  private static void putHalf(byte[] bytes, int at, float value) {
    putShort(bytes, at, Float.floatToFloat16(value));
  }

  private static void putShort(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
    bytes[at + 1] = (byte) (value >> 8);
  }

  /** A tensor as a file gives it; the file stays mapped until the program ends. */
  @SuppressWarnings("MustBeClosedChecker")
  public static GgufTensor tensor(GgmlType type, int rows, int columns, Fill fill, Random random) {
    try {
      Path path = Files.createTempFile("tensor", ".gguf");
      byte[] bytes = blocks(type, (long) rows * columns, fill, random);
      new GgufWriter()
          .tensor("t", type, new long[] {columns, rows}, MemorySegment.ofArray(bytes))
          .write(path);
      GgufTensor tensor = GgufFile.open(path).tensor("t");
      Files.delete(path);
      return tensor;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
