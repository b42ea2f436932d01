package dev.gearbox.opencl;

import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelTensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The weights of a model on a device: matrices in the blocks of their file, vectors as floats. */
record DeviceWeights(
    DeviceMatrix embedding, List<Layer> layers, ClBuffer outputNorm, DeviceMatrix output) {

  /** The weights of one layer; what an architecture lacks is null. */
  record Layer(
      ClBuffer attentionNorm,
      DeviceMatrix query,
      DeviceMatrix key,
      DeviceMatrix value,
      @Nullable ClBuffer queryBias,
      @Nullable ClBuffer keyBias,
      @Nullable ClBuffer valueBias,
      @Nullable ClBuffer queryNorm,
      @Nullable ClBuffer keyNorm,
      DeviceMatrix attentionOutput,
      @Nullable ClBuffer afterAttentionNorm,
      ClBuffer innerNorm,
      DeviceMatrix gate,
      DeviceMatrix up,
      DeviceMatrix down,
      @Nullable ClBuffer afterInnerNorm) {}

  /** Bytes that the matrices of a model take. */
  static long bytes(ModelTensors tensors) {
    return tensors.matrices().stream().mapToLong(matrix -> matrix.data().byteSize()).sum();
  }

  /** Copies all of them; the file may be closed afterwards. */
  static DeviceWeights load(
      ModelTensors tensors, OpenClContext context, ClQueue queue, Resources resources) {
    return new Loader(context, queue, resources).load(tensors);
  }

  private record Loader(OpenClContext context, ClQueue queue, Resources resources) {
    DeviceWeights load(ModelTensors tensors) {
      DeviceMatrix embedding = matrix(tensors.embedding());
      return new DeviceWeights(
          embedding,
          tensors.layers().stream().map(this::layer).toList(),
          vector(tensors.outputNorm()),
          tensors.tied() ? embedding : matrix(tensors.output()));
    }

    private Layer layer(ModelTensors.Layer layer) {
      return new Layer(
          vector(layer.attentionNorm()),
          matrix(layer.query()),
          matrix(layer.key()),
          matrix(layer.value()),
          optional(layer.queryBias()),
          optional(layer.keyBias()),
          optional(layer.valueBias()),
          optional(layer.queryNorm()),
          optional(layer.keyNorm()),
          matrix(layer.attentionOutput()),
          optional(layer.afterAttentionNorm()),
          vector(layer.innerNorm()),
          matrix(layer.gate()),
          matrix(layer.up()),
          matrix(layer.down()),
          optional(layer.afterInnerNorm()));
    }

    private DeviceMatrix matrix(GgufTensor tensor) {
      return resources.add(DeviceMatrix.of(tensor, context, queue));
    }

    private @Nullable ClBuffer optional(@Nullable GgufTensor tensor) {
      return tensor == null ? null : vector(tensor);
    }

    private ClBuffer vector(GgufTensor tensor) {
      float[] floats = tensor.toFloats();
      ClBuffer buffer =
          resources.add(context.allocate(tensor.name(), (long) Float.BYTES * floats.length));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_FLOAT, floats);
        queue.write(buffer, 0, from);
      }
      return buffer;
    }
  }
}
