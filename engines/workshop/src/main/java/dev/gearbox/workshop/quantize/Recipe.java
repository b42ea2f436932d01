package dev.gearbox.workshop.quantize;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.workshop.settings.DidYouMean;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which type each tensor of a model gets. Vectors (norms, biases) stay as they are. The matrix that
 * makes the logits keeps 6 bits at least: every token passes through it, and it is a small part of
 * a large model. The mixes give 6 bits to half of the value and down matrices too, those of the
 * first and last eighth of the layers and every third between, as llama.cpp's mixes of these names
 * do.
 */
public enum Recipe {
  F32(GgmlType.F32, 0, false),
  F16(GgmlType.F16, 1, false),
  BF16(GgmlType.BF16, 32, false),
  Q8_0(GgmlType.Q8_0, 7, false),
  Q6_K(GgmlType.Q6_K, 18, false),
  Q5_K(GgmlType.Q5_K, 16, false),
  Q5_K_M(GgmlType.Q5_K, 17, true),
  Q4_K(GgmlType.Q4_K, 14, false),
  Q4_K_M(GgmlType.Q4_K, 15, true),
  Q4_0(GgmlType.Q4_0, 2, false),
  Q4_1(GgmlType.Q4_1, 3, false),
  Q3_K(GgmlType.Q3_K, 11, false),
  Q2_K(GgmlType.Q2_K, 10, false);

  private static final Pattern MIXED =
      Pattern.compile("blk\\.(\\d+)\\.(?:attn_v|ffn_down)\\.weight");
  private static final int WIDE_BLOCK = 256;

  private final GgmlType type;
  private final int fileType;
  private final boolean mix;

  Recipe(GgmlType type, int fileType, boolean mix) {
    this.type = type;
    this.fileType = fileType;
    this.mix = mix;
  }

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException when there is no such recipe
   */
  public static Recipe parse(String name) {
    List<String> names = Arrays.stream(values()).map(Recipe::name).toList();
    String upper = name.toUpperCase(Locale.ROOT);
    if (!names.contains(upper)) {
      throw new IllegalArgumentException(
          "unknown type '%s'%s".formatted(name, DidYouMean.hint(upper, names)));
    }
    return valueOf(upper);
  }

  /** The value of {@code general.file_type}, as other programs read it. */
  public int fileType() {
    return fileType;
  }

  /** Whether weights lose anything beyond the precision of floats. */
  public boolean quantizes() {
    return type.blockSize() > 1;
  }

  /**
   * The type of a tensor.
   *
   * @param layers of the model
   * @param logits the name of the matrix that makes the logits
   * @throws IllegalArgumentException when its rows divide into no fitting blocks
   */
  public GgmlType type(GgufTensor tensor, int layers, String logits) {
    return type(tensor.name(), tensor.type(), tensor.shape(), layers, logits);
  }

  /** The name of the matrix that makes the logits. */
  static String logits(GgufFile file) {
    return file.hasTensor("output.weight") ? "output.weight" : "token_embd.weight";
  }

  GgmlType type(String name, GgmlType from, long[] shape, int layers, String logits) {
    if (shape.length < 2 || shape[1] == 1) {
      return from == GgmlType.F16 ? GgmlType.F16 : GgmlType.F32;
    }
    return fitting(wanted(name, layers, logits), shape[0], name);
  }

  private GgmlType wanted(String name, int layers, String logits) {
    boolean small = quantizes() && type != GgmlType.Q8_0;
    if (small && name.equals(logits)) {
      return GgmlType.Q6_K;
    }
    Matcher place = MIXED.matcher(name);
    return mix && place.matches() && better(Integer.parseInt(place.group(1)), layers)
        ? GgmlType.Q6_K
        : type;
  }

  private static boolean better(int layer, int layers) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }

  /** The same, or the next larger type of 32 elements where rows are no multiple of 256. */
  private static GgmlType fitting(GgmlType wanted, long columns, String name) {
    GgmlType type = wanted;
    if (wanted.blockSize() == WIDE_BLOCK && columns % WIDE_BLOCK != 0) {
      type =
          switch (wanted) {
            case Q2_K, Q3_K -> GgmlType.Q4_0;
            case Q4_K -> GgmlType.Q5_0;
            case Q5_K -> GgmlType.Q5_1;
            case Q6_K -> GgmlType.Q8_0;
            case F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 -> wanted;
          };
    }
    if (columns % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "tensor %s has rows of %d, no whole number of %s blocks of %d"
              .formatted(name, columns, type, type.blockSize()));
    }
    return type;
  }
}
