package dev.gearbox.format.model;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a model by what they do, each of the size that the shape asks for. Vectors (norms,
 * biases) are F32 or F16; matrices are of any type. Valid while the file is open.
 *
 * @param output the embedding itself where the file has no matrix for its logits
 * @param ropeFactors what frequencies are divided by, one for each pair
 */
public record ModelTensors(
    GgufTensor embedding,
    List<Layer> layers,
    GgufTensor outputNorm,
    GgufTensor output,
    @Nullable GgufTensor ropeFactors) {

  /** The tensors of one layer; what an architecture lacks is null. */
  public record Layer(
      GgufTensor attentionNorm,
      GgufTensor query,
      GgufTensor key,
      GgufTensor value,
      @Nullable GgufTensor queryBias,
      @Nullable GgufTensor keyBias,
      @Nullable GgufTensor valueBias,
      @Nullable GgufTensor queryNorm,
      @Nullable GgufTensor keyNorm,
      GgufTensor attentionOutput,
      @Nullable GgufTensor afterAttentionNorm,
      GgufTensor innerNorm,
      GgufTensor gate,
      GgufTensor up,
      GgufTensor down,
      @Nullable GgufTensor afterInnerNorm) {}

  /**
   * Finds and checks all of them; no element is read.
   *
   * @throws GgufException when one is missing or of another size
   * @throws UnsupportedModelException when a vector is of a type that vectors do not have
   */
  public static ModelTensors of(GgufFile file, ModelShape shape) {
    return new Reader(file, shape).read();
  }

  /** Whether the embeddings make the logits too. */
  public boolean tied() {
    return output == embedding;
  }

  /** Every matrix once. */
  public List<GgufTensor> matrices() {
    List<GgufTensor> matrices = new ArrayList<>(List.of(embedding));
    for (Layer layer : layers) {
      matrices.addAll(
          List.of(
              layer.query,
              layer.key,
              layer.value,
              layer.attentionOutput,
              layer.gate,
              layer.up,
              layer.down));
    }
    if (!tied()) {
      matrices.add(output);
    }
    return matrices;
  }

  private record Reader(GgufFile file, ModelShape shape) {
    ModelTensors read() {
      GgufTensor embedding = matrix("token_embd.weight", shape.vocabulary(), shape.size());
      List<Layer> layers = new ArrayList<>();
      for (int layer = 0; layer < shape.layers(); layer++) {
        layers.add(layer("blk." + layer + "."));
      }
      boolean tied = !file.hasTensor("output.weight");
      return new ModelTensors(
          embedding,
          List.copyOf(layers),
          vector("output_norm.weight", shape.size()),
          tied ? embedding : matrix("output.weight", shape.vocabulary(), shape.size()),
          optional("rope_freqs.weight", shape.ropeSize() / 2));
    }

    private Layer layer(String prefix) {
      boolean gemma = shape.architecture() == Architecture.GEMMA3;
      int size = shape.size();
      int queries = shape.querySize();
      int keys = shape.keySize();
      return new Layer(
          vector(prefix + "attn_norm.weight", size),
          matrix(prefix + "attn_q.weight", queries, size),
          matrix(prefix + "attn_k.weight", keys, size),
          matrix(prefix + "attn_v.weight", keys, size),
          optional(prefix + "attn_q.bias", queries),
          optional(prefix + "attn_k.bias", keys),
          optional(prefix + "attn_v.bias", keys),
          gemma ? vector(prefix + "attn_q_norm.weight", shape.headSize()) : null,
          gemma ? vector(prefix + "attn_k_norm.weight", shape.headSize()) : null,
          matrix(prefix + "attn_output.weight", size, queries),
          gemma ? vector(prefix + "post_attention_norm.weight", size) : null,
          vector(prefix + "ffn_norm.weight", size),
          matrix(prefix + "ffn_gate.weight", shape.inner(), size),
          matrix(prefix + "ffn_up.weight", shape.inner(), size),
          matrix(prefix + "ffn_down.weight", size, shape.inner()),
          gemma ? vector(prefix + "post_ffw_norm.weight", size) : null);
    }

    private GgufTensor matrix(String name, int rows, int columns) {
      GgufTensor tensor = file.tensor(name);
      if (tensor.rank() > 2 || tensor.dimension(0) != columns || tensor.dimension(1) != rows) {
        throw wrongShape(tensor, columns + " x " + rows);
      }
      return tensor;
    }

    private GgufTensor vector(String name, int size) {
      GgufTensor tensor = file.tensor(name);
      if (tensor.elements() != size) {
        throw wrongShape(tensor, Integer.toString(size));
      }
      if (tensor.type() != GgmlType.F32 && tensor.type() != GgmlType.F16) {
        throw new UnsupportedModelException(tensor + " should be F32 or F16");
      }
      return tensor;
    }

    private @Nullable GgufTensor optional(String name, int size) {
      return file.hasTensor(name) ? vector(name, size) : null;
    }

    private static GgufException wrongShape(GgufTensor tensor, String expected) {
      return new GgufException(Code.BAD_SHAPE, tensor + " should be " + expected);
    }
  }
}
