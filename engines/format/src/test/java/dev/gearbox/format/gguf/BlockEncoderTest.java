package dev.gearbox.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is packed must decode to what the formula of the type makes of the parts. */
class BlockEncoderTest {
  private final Random random = new Random(11);

  /** Sub-blocks of so many elements; quants below a bound, less an offset; bounds of the scales. */
  @ParameterizedTest
  @CsvSource({
    "Q4_0, 0, 0, 16, 8, 0, 0, 0", "Q4_1, 0, 0, 16, 0, 0, 0, 1", "Q5_0, 0, 0, 32, 16, 0, 0, 0",
    "Q5_1, 0, 0, 32, 0, 0, 0, 1", "Q8_0, 0, -127, 128, 0, 0, 0, 0", "Q2_K, 16, 0, 4, 0, 0, 16, -1",
    "Q3_K, 16, 0, 8, 4, -32, 32, 0", "Q4_K, 32, 0, 16, 0, 0, 64, -1",
        "Q5_K, 32, 0, 32, 0, 0, 64, -1",
    "Q6_K, 16, 0, 64, 32, -128, 128, 0"
  })
  void partsComeBack(
      GgmlType type, int sub, int low, int bound, int offset, int least, int most, int sign) {
    for (int repeat = 0; repeat < 20; repeat++) {
      BlockParts parts = new BlockParts();
      parts.scale = 0.25f;
      parts.minimum = 1.5f;
      for (int i = 0; i < 16 && sub > 0; i++) {
        parts.scales[i] = random.nextInt(least, most);
        parts.minima[i] = random.nextInt(0, most);
      }
      for (int i = 0; i < type.blockSize(); i++) {
        parts.quants[i] = random.nextInt(low, bound);
      }
      byte[] bytes = new byte[3 + type.bytesPerBlock()];
      BlockEncoder.encode(type, parts, bytes, 3);
      float[] found = new float[type.blockSize()];
      BlockDecoder.decode(type, MemorySegment.ofArray(bytes), 3, found.length, found, 0);
      for (int i = 0; i < found.length; i++) {
        int scale = sub == 0 ? 1 : parts.scales[i / sub];
        int minimum = sub == 0 ? 1 : parts.minima[i / sub];
        float expected = 0.25f * scale * (parts.quants[i] - offset) + sign * 1.5f * minimum;
        assertThat(found[i]).as("%s[%d]", type, i).isEqualTo(expected);
      }
    }
  }

  @Test
  void floatsHaveNoBlocks() {
    assertThatThrownBy(() -> BlockEncoder.encode(GgmlType.F16, new BlockParts(), new byte[2], 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
