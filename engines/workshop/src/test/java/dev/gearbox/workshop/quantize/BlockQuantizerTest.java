package dev.gearbox.workshop.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.format.gguf.BlockDecoder;
import dev.gearbox.format.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlockQuantizerTest {
  private static final int COLUMNS = 1024;

  private final Random random = new Random(5);

  @ParameterizedTest
  @CsvSource({
    "F32, 0", "F16, 0.0004", "BF16, 0.003", "Q8_0, 0.006", "Q6_K, 0.02", "Q5_K, 0.036",
    "Q5_1, 0.042", "Q5_0, 0.048", "Q4_K, 0.075", "Q4_1, 0.085", "Q4_0, 0.095", "Q3_K, 0.17",
    "Q2_K, 0.34"
  })
  void gaussianWeightsLoseNoMoreThanTheirBitsCost(GgmlType type, double most) {
    float[] x = gaussian();
    assertThat(loss(x, quantized(type, x, null), null)).isLessThanOrEqualTo(most);
  }

  @ParameterizedTest
  @EnumSource(GgmlType.class)
  void whatATypeHoldsExactlyStaysAsItIs(GgmlType type) {
    float[] once = quantized(type, gaussian(), null);
    assertThat(loss(once, quantized(type, once, null), null)).isLessThan(0.02);
  }

  @ParameterizedTest
  @EnumSource(GgmlType.class)
  void edgesStayFiniteAndClose(GgmlType type) {
    float[] zeros = new float[COLUMNS];
    assertThat(quantized(type, zeros, null)).containsOnly(0f);
    float[] tiny = new float[COLUMNS];
    Arrays.fill(tiny, 1e-30f);
    for (float found : quantized(type, tiny, null)) {
      assertThat(Math.abs(found)).isLessThan(1e-6f);
    }
    float[] constant = new float[COLUMNS];
    Arrays.fill(constant, -0.37f);
    assertThat(loss(constant, quantized(type, constant, null), null)).isLessThan(0.07);
    float[] spike = new float[COLUMNS];
    spike[300] = 12;
    float[] spiked = quantized(type, spike, null);
    assertThat(spiked[300]).isBetween(11f, 13f);
    assertThat(spiked[900]).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q6_K"})
  void importanceMovesTheLossToWhereItCostsLeast(String name) {
    GgmlType type = GgmlType.valueOf(name);
    float[] x = gaussian();
    float[] importance = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      importance[i] = (float) Math.exp(2 * random.nextGaussian());
    }
    double plain = loss(x, quantized(type, x, null), importance);
    double guided = loss(x, quantized(type, x, importance), importance);
    assertThat(guided).isLessThan(0.97 * plain);
  }

  @Test
  void importanceOfZeroStillGivesNumbers() {
    float[] x = gaussian();
    for (GgmlType type : GgmlType.values()) {
      float[] found = quantized(type, x, new float[COLUMNS]);
      assertThat(loss(x, found, null)).as(type.name()).isLessThan(0.6);
    }
  }

  @Test
  void searchingBeatsRoundingToTheLargest() {
    float[] x = gaussian();
    double rounded = 0;
    double all = 0;
    for (int at = 0; at < COLUMNS; at += 32) {
      float most = 0;
      for (int i = at; i < at + 32; i++) {
        most = Math.abs(x[i]) > Math.abs(most) ? x[i] : most;
      }
      float d = most / -8;
      for (int i = at; i < at + 32; i++) {
        double off = x[i] - d * Math.clamp(Math.round(x[i] / d), -8, 7);
        rounded += off * off;
        all += x[i] * x[i];
      }
    }
    double searched = loss(x, quantized(GgmlType.Q4_0, x, null), null);
    assertThat(searched).isLessThan(0.97 * Math.sqrt(rounded / all));
  }

  private float[] gaussian() {
    float[] x = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      x[i] = (float) random.nextGaussian() * 0.03f;
    }
    return x;
  }

  /** Root of the squared error over the squares. */
  private static double loss(float[] x, float[] found, float @Nullable [] weights) {
    double error = 0;
    double all = 0;
    for (int i = 0; i < x.length; i++) {
      double w = weights == null ? 1 : weights[i];
      error += w * (x[i] - found[i]) * (x[i] - found[i]);
      all += w * x[i] * x[i];
    }
    return Math.sqrt(error / all);
  }

  private static float[] quantized(GgmlType type, float[] x, float @Nullable [] importance) {
    byte[] bytes = new byte[(int) type.bytes(x.length)];
    new BlockQuantizer(type).row(x, 0, x.length, importance, bytes, 0);
    float[] out = new float[x.length];
    BlockDecoder.decode(type, MemorySegment.ofArray(bytes), 0, x.length, out, 0);
    return out;
  }
}
