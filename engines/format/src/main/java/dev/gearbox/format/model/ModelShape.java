package dev.gearbox.format.model;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufMetadata;

/**
 * The numbers of a model, as its metadata give them.
 *
 * @param size of the residual stream
 * @param inner size of the feed-forward layer
 * @param headSize of queries, keys and values, a multiple of 32
 * @param window tokens that a windowed layer sees, itself included; 0 where all layers are global
 * @param windowPeriod every so manieth layer is global where there is a window
 * @param ropeBase frequency base of global layers
 * @param ropeScale factor on the positions of global layers
 * @param localRopeBase frequency base of windowed layers
 * @param embeddingScale factor on embeddings
 * @param attentionScale factor on scores
 * @param softcap bound of the logits; 0 for none
 */
public record ModelShape(
    Architecture architecture,
    int layers,
    int size,
    int inner,
    int heads,
    int kvHeads,
    int headSize,
    int vocabulary,
    int maxContext,
    float epsilon,
    int ropeSize,
    float ropeBase,
    float ropeScale,
    float localRopeBase,
    int window,
    int windowPeriod,
    float embeddingScale,
    float attentionScale,
    float softcap) {
  private static final int GEMMA3_PERIOD = 6;
  private static final int GEMMA3_27B_LAYERS = 62;

  public ModelShape {
    positive("layers", layers, 1024);
    multipleOf32("embedding length", size);
    multipleOf32("feed-forward length", inner);
    positive("heads", heads, 1024);
    positive("key-value heads", kvHeads, heads);
    multipleOf32("head size", headSize);
    positive("context length", maxContext, 1 << 28);
    positive("rope dimensions", ropeSize, headSize);
    if (heads % kvHeads != 0) {
      throw bad("heads (%d) must be a multiple of key-value heads (%d)", heads, kvHeads);
    }
    if (ropeSize % 2 != 0 || !(ropeBase > 0) || !(localRopeBase > 0) || !(epsilon >= 0)) {
      throw bad(
          "rope dimensions %d, bases %s and %s, epsilon %s make no sense",
          ropeSize, ropeBase, localRopeBase, epsilon);
    }
    if (window < 0) {
      throw bad("the sliding window is %d", window);
    }
  }

  /**
   * Reads and checks it.
   *
   * @throws GgufException when metadata are missing or make no sense
   * @throws UnsupportedModelException when the model is of a kind that no engine computes
   */
  public static ModelShape of(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    Architecture architecture = Architecture.of(metadata);
    String prefix = architecture.key() + ".";
    boolean gemma = architecture == Architecture.GEMMA3;
    refuseVariants(metadata, prefix);
    int layers = metadata.getInt(prefix + "block_count");
    int size = metadata.getInt(prefix + "embedding_length");
    int heads = metadata.getInt(prefix + "attention.head_count");
    positive("heads", heads, 1024);
    int headSize = metadata.getInt(prefix + "attention.key_length", size / heads);
    if (metadata.getInt(prefix + "attention.value_length", headSize) != headSize) {
      throw new UnsupportedModelException("keys and values of different lengths");
    }
    int perHead = gemma && layers == GEMMA3_27B_LAYERS ? size / heads : headSize;
    return new ModelShape(
        architecture,
        layers,
        size,
        metadata.getInt(prefix + "feed_forward_length"),
        heads,
        metadata.getInt(prefix + "attention.head_count_kv", heads),
        headSize,
        vocabulary(file),
        metadata.getInt(prefix + "context_length"),
        metadata.getFloat(prefix + "attention.layer_norm_rms_epsilon"),
        metadata.getInt(prefix + "rope.dimension_count", headSize),
        metadata.getFloat(prefix + "rope.freq_base", 10_000f),
        ropeScale(metadata, prefix),
        metadata.getFloat(prefix + "rope.freq_base_swa", 10_000f),
        gemma ? metadata.getInt(prefix + "attention.sliding_window", 0) : 0,
        gemma ? GEMMA3_PERIOD : 1,
        gemma ? (float) Math.sqrt(size) : 1f,
        (float) (1 / Math.sqrt(perHead)),
        metadata.getFloat(prefix + "final_logit_softcapping", 0f));
  }

  private static void refuseVariants(GgufMetadata metadata, String prefix) {
    if (metadata.getInt(prefix + "expert_count", 0) > 0) {
      throw new UnsupportedModelException("mixtures of experts");
    }
    if (metadata.getFloat(prefix + "attn_logit_softcapping", 0f) > 0) {
      throw new UnsupportedModelException("softcapped attention");
    }
  }

  private static float ropeScale(GgufMetadata metadata, String prefix) {
    String type = metadata.findString(prefix + "rope.scaling.type").orElse("linear");
    float factor = metadata.getFloat(prefix + "rope.scaling.factor", 1f);
    if (type.equals("none") || factor == 1f) {
      return 1f;
    }
    if (!type.equals("linear") || !(factor > 0)) {
      throw new UnsupportedModelException("rope scaling \"" + type + "\" by " + factor);
    }
    return 1 / factor;
  }

  private static int vocabulary(GgufFile file) {
    long rows = file.tensor("token_embd.weight").rows();
    if (rows > 1 << 24) {
      throw new GgufException(Code.BAD_SHAPE, "token_embd.weight has %d rows".formatted(rows));
    }
    return (int) rows;
  }

  /** Whether a layer sees the window only. */
  public boolean isWindowed(int layer) {
    return window > 0 && layer % windowPeriod < windowPeriod - 1;
  }

  /** Floats of all query heads of a token. */
  public int querySize() {
    return heads * headSize;
  }

  /** Floats of all key heads of a token. */
  public int keySize() {
    return kvHeads * headSize;
  }

  /** Query heads that share a key head. */
  public int queriesPerKey() {
    return heads / kvHeads;
  }

  private static void positive(String what, int value, int most) {
    if (value < 1 || value > most) {
      throw bad("%s must be 1 to %d, was %d", what, most, value);
    }
  }

  private static void multipleOf32(String what, int value) {
    positive(what, value, 1 << 20);
    if (value % 32 != 0) {
      throw new UnsupportedModelException(what + " must be a multiple of 32, was " + value);
    }
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  private static GgufException bad(String format, Object... args) {
    return new GgufException(Code.BAD_VALUE, format.formatted(args));
  }
}
