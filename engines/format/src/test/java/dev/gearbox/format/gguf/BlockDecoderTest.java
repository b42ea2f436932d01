package dev.gearbox.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Blocks are put together from known quantities here, and must decode to what the formula of the
 * type makes of these.
 */
class BlockDecoderTest {
  private static final float D = 0.25f;
  private static final float M = -1.5f;

  private final Random random = new Random(7);

  @Test
  void plainTypesAreTheirNumbers() {
    ByteBuffer f32 = block(8).putFloat(1.5f).putFloat(-0f);
    assertThat(decode(GgmlType.F32, f32)).containsExactly(1.5f, -0f);
    ByteBuffer f16 = block(4).putShort(Float.floatToFloat16(0.1f)).putShort((short) 0x7C00);
    assertThat(decode(GgmlType.F16, f16))
        .containsExactly(Float.float16ToFloat(Float.floatToFloat16(0.1f)), Float.POSITIVE_INFINITY);
    assertThat(decode(GgmlType.BF16, block(2).putShort((short) 0xC040))).containsExactly(-3f);
  }

  @Test
  void blocksOf32() {
    int[] q4 = quants(32, 16);
    int[] q5 = quants(32, 32);
    int[] q8 = quants(32, 256);
    check(GgmlType.Q4_0, scales(18, false).put(nibbles(q4)), i -> D * (q4[i] - 8));
    check(GgmlType.Q4_1, scales(20, true).put(nibbles(q4)), i -> D * q4[i] + M);
    check(
        GgmlType.Q5_0, scales(22, false).putInt(highs(q5)).put(nibbles(q5)), i -> D * (q5[i] - 16));
    check(GgmlType.Q5_1, scales(24, true).putInt(highs(q5)).put(nibbles(q5)), i -> D * q5[i] + M);
    ByteBuffer eights = scales(34, false);
    for (int q : q8) {
      eights.put((byte) q);
    }
    check(GgmlType.Q8_0, eights, i -> D * (byte) q8[i]);
  }

  @Test
  void blocksOf256WithPackedScales() {
    int[] scales = quants(8, 64);
    int[] minima = quants(8, 64);
    int[] q4 = quants(256, 16);
    int[] q5 = quants(256, 32);
    ByteBuffer four = scales(144, true).put(packed(scales, minima)).put(pairsOf32(q4));
    check(GgmlType.Q4_K, four, i -> D * scales[i / 32] * q4[i] - M * minima[i / 32]);
    byte[] fifth = new byte[32];
    for (int i = 0; i < 256; i++) {
      fifth[i % 32] |= (byte) ((q5[i] >> 4) << (i / 32));
    }
    ByteBuffer five = scales(176, true).put(packed(scales, minima)).put(fifth).put(pairsOf32(q5));
    check(GgmlType.Q5_K, five, i -> D * scales[i / 32] * q5[i] - M * minima[i / 32]);
  }

  @Test
  void blocksOf256WithSignedScales() {
    int[] q = quants(256, 64);
    byte[] scales = new byte[16];
    random.nextBytes(scales);
    byte[] low = new byte[128];
    byte[] high = new byte[64];
    for (int i = 0; i < 256; i++) {
      int half = i / 128;
      int lane = i % 128 / 32;
      low[half * 64 + (lane & 1) * 32 + i % 32] |= (byte) ((q[i] & 15) << (lane < 2 ? 0 : 4));
      high[half * 32 + i % 32] |= (byte) ((q[i] >> 4) << (2 * lane));
    }
    ByteBuffer block = block(210).put(low).put(high).put(scales).putShort(Float.floatToFloat16(D));
    check(GgmlType.Q6_K, block, i -> D * scales[i / 16] * (q[i] - 32));
  }

  @Test
  void blocksOf256WithPairsOfBits() {
    int[] q2 = quants(256, 4);
    int[] scales = quants(16, 16);
    int[] minima = quants(16, 16);
    ByteBuffer two = block(84);
    for (int sub = 0; sub < 16; sub++) {
      two.put((byte) (scales[sub] | minima[sub] << 4));
    }
    two.put(pairsOfBits(q2)).putShort(Float.floatToFloat16(D)).putShort(Float.floatToFloat16(M));
    check(GgmlType.Q2_K, two, i -> D * scales[i / 16] * q2[i] - M * minima[i / 16]);
    int[] q3 = quants(256, 8);
    int[] six = quants(16, 64);
    byte[] third = new byte[32];
    byte[] packed = new byte[12];
    for (int i = 0; i < 256; i++) {
      third[i % 32] |= (byte) ((q3[i] >> 2) << (i / 32));
    }
    for (int sub = 0; sub < 16; sub++) {
      packed[sub % 8] |= (byte) ((six[sub] & 15) << (sub < 8 ? 0 : 4));
      packed[8 + sub % 4] |= (byte) ((six[sub] >> 4) << (2 * (sub / 4)));
    }
    ByteBuffer three =
        block(110).put(third).put(pairsOfBits(q3)).put(packed).putShort(Float.floatToFloat16(D));
    check(GgmlType.Q3_K, three, i -> D * (six[i / 16] - 32) * (q3[i] - 4));
  }

  @ParameterizedTest
  @EnumSource(GgmlType.class)
  void decodingStaysWithinItsData(GgmlType type) {
    MemorySegment data = MemorySegment.ofArray(new byte[type.bytesPerBlock()]);
    float[] out = new float[2 * type.blockSize()];
    BlockDecoder.decode(type, data, 0, type.blockSize(), out, type.blockSize());
    assertThatThrownBy(() -> BlockDecoder.decode(type, data, 0, out.length, out, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> BlockDecoder.decode(type, data, 0, type.blockSize(), out, out.length))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private interface Formula {
    float at(int index);
  }

  private static void check(GgmlType type, ByteBuffer block, Formula formula) {
    float[] decoded = decode(type, block);
    assertThat(block.remaining()).as("bytes left of " + type).isZero();
    for (int i = 0; i < decoded.length; i++) {
      assertThat(decoded[i]).as("%s[%d]", type, i).isEqualTo(formula.at(i));
    }
  }

  private static float[] decode(GgmlType type, ByteBuffer block) {
    int elements = block.capacity() / type.bytesPerBlock() * type.blockSize();
    float[] out = new float[elements];
    MemorySegment data = MemorySegment.ofBuffer(block.duplicate().rewind());
    BlockDecoder.decode(type, data, 0, elements, out, 0);
    return out;
  }

  private static ByteBuffer block(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer scales(int bytes, boolean minimum) {
    ByteBuffer block = block(bytes).putShort(Float.floatToFloat16(D));
    return minimum ? block.putShort(Float.floatToFloat16(M)) : block;
  }

  private int[] quants(int count, int bound) {
    return random.ints(count, 0, bound).toArray();
  }

  /** Element j in the low, j + 16 in the high nibble of byte j. */
  private static byte[] nibbles(int[] q) {
    byte[] bytes = new byte[16];
    for (int j = 0; j < 16; j++) {
      bytes[j] = (byte) ((q[j] & 15) | (q[j + 16] & 15) << 4);
    }
    return bytes;
  }

  private static int highs(int[] q) {
    int bits = 0;
    for (int i = 0; i < 32; i++) {
      bits |= (q[i] >> 4) << i;
    }
    return bits;
  }

  /** 32 elements in low nibbles, the next 32 in the high ones of the same bytes. */
  private static byte[] pairsOf32(int[] q) {
    byte[] bytes = new byte[128];
    for (int i = 0; i < 256; i++) {
      bytes[i / 64 * 32 + i % 32] |= (byte) ((q[i] & 15) << (i % 64 < 32 ? 0 : 4));
    }
    return bytes;
  }

  /** The low two bits of an element share a byte with those 32, 64 and 96 further on. */
  private static byte[] pairsOfBits(int[] q) {
    byte[] bytes = new byte[64];
    for (int i = 0; i < 256; i++) {
      bytes[i / 128 * 32 + i % 32] |= (byte) ((q[i] & 3) << (2 * (i % 128 / 32)));
    }
    return bytes;
  }

  private static byte[] packed(int[] scales, int[] minima) {
    byte[] bytes = new byte[12];
    for (int i = 0; i < 4; i++) {
      bytes[i] = (byte) (scales[i] | (scales[i + 4] >> 4) << 6);
      bytes[i + 4] = (byte) (minima[i] | (minima[i + 4] >> 4) << 6);
      bytes[i + 8] = (byte) ((scales[i + 4] & 15) | (minima[i + 4] & 15) << 4);
    }
    return bytes;
  }
}
