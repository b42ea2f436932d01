package dev.gearbox.format.adapter;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufMetadata;
import dev.gearbox.format.gguf.GgufTensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A low-rank adapter in a GGUF file, as llama.cpp's {@code convert_lora_to_gguf} writes it: for a
 * tensor {@code NAME} of the base model, {@code NAME.lora_a} of [columns, rank] and {@code
 * NAME.lora_b} of [rank, rows], which add {@code scale · B · A} to it. Valid while the file is
 * open.
 *
 * @param architecture of the models that it is for, as in their metadata
 * @param alpha what its scale is made of; 0 leaves the product as it is
 * @param pairs by the name of the tensor that they add to, in the order of the file; not empty
 */
public record LoraAdapter(String architecture, float alpha, Map<String, Pair> pairs) {
  private static final String A = ".lora_a";
  private static final String B = ".lora_b";

  /**
   * The two matrices that add to one tensor.
   *
   * @param a of [columns, rank]
   * @param b of [rank, rows]
   */
  public record Pair(GgufTensor a, GgufTensor b) {
    /** Columns of the one and rows of the other. */
    public int rank() {
      return b.columns();
    }
  }

  /**
   * Reads what a file says of itself; no data are touched.
   *
   * @throws GgufException when it is no adapter, one of another kind, or contradicts itself
   */
  public static LoraAdapter of(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    String type = metadata.findString("general.type").orElse("model");
    if (!type.equals("adapter")) {
      throw bad("the file holds a %s, not an adapter (general.type)", type);
    }
    String kind = metadata.getString("adapter.type");
    if (!kind.equals("lora")) {
      throw bad("adapters of type '%s' are not supported, 'lora' is", kind);
    }
    if (metadata.contains("adapter.alora.invocation_tokens")) {
      throw bad("activated adapters (adapter.alora.invocation_tokens) are not supported");
    }
    float alpha = metadata.getFloat("adapter.lora.alpha");
    if (!Float.isFinite(alpha)) {
      throw bad("adapter.lora.alpha is %s", alpha);
    }
    String architecture = metadata.getString("general.architecture");
    return new LoraAdapter(architecture, alpha, pairs(file));
  }

  private static Map<String, Pair> pairs(GgufFile file) {
    Map<String, Pair> pairs = new LinkedHashMap<>();
    for (GgufTensor tensor : file.tensors().values()) {
      String name = tensor.name();
      if (!name.endsWith(A) && !name.endsWith(B)) {
        throw bad("%s is neither a …%s nor a …%s", tensor, A, B);
      }
      String base = name.substring(0, name.length() - A.length());
      if (!pairs.containsKey(base)) {
        pairs.put(base, pair(file.tensors().get(base + A), file.tensors().get(base + B), base));
      }
    }
    if (pairs.isEmpty()) {
      throw new GgufException(Code.MISSING_TENSOR, "the adapter has no tensors");
    }
    return pairs;
  }

  private static Pair pair(@Nullable GgufTensor a, @Nullable GgufTensor b, String base) {
    if (a == null || b == null) {
      throw new GgufException(
          Code.MISSING_TENSOR, "the file has no tensor " + base + (a == null ? A : B));
    }
    if (a.rank() > 2 || b.rank() > 2 || a.dimension(1) != b.dimension(0)) {
      throw new GgufException(
          Code.BAD_SHAPE, "%s and %s are not [columns, rank] and [rank, rows]".formatted(a, b));
    }
    return new Pair(a, b);
  }

  /** The largest rank of its pairs. */
  public int rank() {
    return pairs.values().stream().mapToInt(Pair::rank).max().orElse(0);
  }

  /** What {@code B · A} of a pair is multiplied by, {@code factor} being the caller's own. */
  public float scale(Pair pair, float factor) {
    return alpha == 0 ? factor : factor * alpha / pair.rank();
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  private static GgufException bad(String format, Object... args) {
    return new GgufException(Code.BAD_VALUE, format.formatted(args));
  }
}
