package dev.gearbox.cpu.kernel;

/** The scalar twin of {@link VectorElements}. */
final class ScalarElements {
  static final float GELU_SCALE = 0.7978846f;
  static final float GELU_CUBE = 0.044715f;

  private ScalarElements() {}

  static void addProduct(
      float[] weights, int weightsAt, int n, float[] x, int xAt, float[] out, int at, int lanes) {
    for (int k = 0; k < n; k++) {
      for (int lane = 0; lane < lanes; lane++) {
        out[at + lane] += weights[weightsAt + k * lanes + lane] * x[xAt + k];
      }
    }
  }

  static float max(float[] x, int at, int n) {
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      most = Math.max(most, x[at + i]);
    }
    return most;
  }

  static float expSum(float[] x, int at, int n, float max) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      x[at + i] = (float) Math.exp(x[at + i] - max);
      sum += x[at + i];
    }
    return sum;
  }

  static void scale(float[] x, int at, int n, float factor) {
    for (int i = 0; i < n; i++) {
      x[at + i] *= factor;
    }
  }

  static void add(float[] x, int at, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      x[at + i] += y[yAt + i];
    }
  }

  static void rmsNorm(
      float[] x, int at, int n, float[] weight, float epsilon, float[] out, int outAt) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[at + i] * x[at + i];
    }
    float factor = (float) (1 / Math.sqrt(sum / n + epsilon));
    for (int i = 0; i < n; i++) {
      out[outAt + i] = x[at + i] * factor * weight[i];
    }
  }

  static void swiglu(float[] gate, float[] up, int at, int n) {
    for (int i = at; i < at + n; i++) {
      gate[i] = (float) (gate[i] * up[i] / (1 + Math.exp(-gate[i])));
    }
  }

  static void geglu(float[] gate, float[] up, int at, int n) {
    for (int i = at; i < at + n; i++) {
      float z = GELU_SCALE * gate[i] * (1 + GELU_CUBE * gate[i] * gate[i]);
      gate[i] = (float) (gate[i] * up[i] / (1 + Math.exp(-2 * z)));
    }
  }

  static void quantize(float[] x, int at, QuantizedRows out, int row) {
    int block = out.block(row);
    for (int b = 0; b < out.blocks(); b++, block++, at += PackedMatrix.BLOCK) {
      float most = 0;
      for (int i = 0; i < PackedMatrix.BLOCK; i++) {
        most = Math.max(most, Math.abs(x[at + i]));
      }
      quantizeBlock(x, at, most, out, block);
    }
  }

  /** Quantizes 32 values whose largest magnitude is {@code most}. */
  static void quantizeBlock(float[] x, int at, float most, QuantizedRows out, int block) {
    float scale = most / 127;
    float inverse = most == 0 ? 0 : 127 / most;
    out.scales[block] = scale;
    for (int half = 0; half < 2; half++) {
      int sum = 0;
      for (int i = 0; i < 8; i++) {
        int a = round(x[at + half * 16 + 2 * i] * inverse);
        int b = round(x[at + half * 16 + 2 * i + 1] * inverse);
        out.pairs[block * 16 + half * 8 + i] = (a & 0xffff) | b << 16;
        sum += a + b;
      }
      out.totals[2 * block + half] = sum;
    }
  }

  /** Nearest integer, halves away from zero; without the branches of {@link Math#round}. */
  private static int round(float value) {
    return (int) (value + Math.copySign(0.5f, value));
  }
}
