package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.MatrixPacker;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.PackedType;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.cpu.parallel.Stage;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The weights of a model in native memory, a copy: the file may be closed once it is read. */
@SuppressWarnings("ArrayRecordComponent") // weights are read-only by convention, and large
record ModelWeights(
    PackedMatrix embedding,
    List<LayerWeights> layers,
    float[] outputNorm,
    PackedMatrix output,
    float @Nullable [] ropeFactors) {

  /** Whether the embeddings make the logits too. */
  boolean tied() {
    return output.data().address() == embedding.data().address();
  }

  /** Checks every tensor that will be read, then copies them. */
  static ModelWeights load(
      GgufFile file, ModelShape shape, Kernels kernels, Arena arena, CpuWorkers workers) {
    new Reader(file, shape, null).read();
    Packing packing = new Packing(kernels, arena, workers);
    ModelWeights weights = new Reader(file, shape, packing).read();
    packing.finish();
    return weights;
  }

  /**
   * Allocates matrices and packs them in parallel, a slice at a time: a step of another model on
   * these workers waits for one slice, some milliseconds, and no longer.
   */
  private static final class Packing {
    private static final int SLICE_WEIGHTS = 1 << 21;

    private final Kernels kernels;
    private final Arena arena;
    private final CpuWorkers workers;
    private final List<MatrixPacker> packers = new ArrayList<>();

    Packing(Kernels kernels, Arena arena, CpuWorkers workers) {
      this.kernels = kernels;
      this.arena = arena;
      this.workers = workers;
    }

    PackedMatrix add(GgufTensor tensor) {
      MatrixPacker packer = new MatrixPacker(tensor, kernels.groupRows(), arena);
      packers.add(packer);
      return packer.matrix();
    }

    void finish() {
      for (MatrixPacker packer : packers) {
        PackedMatrix matrix = packer.matrix();
        int slice =
            Math.max(workers.threads(), SLICE_WEIGHTS / (matrix.groupRows() * matrix.columns()));
        for (int first = 0; first < matrix.groups(); first += slice) {
          workers.run(new Slice(packer, first, Math.min(slice, matrix.groups() - first)));
        }
      }
    }
  }

  /** Some groups of rows of a matrix. */
  private record Slice(MatrixPacker packer, int first, int jobs) implements Stage {
    @Override
    public void run(int job, int worker) {
      packer.pack(first + job);
    }
  }

  /** Walks over the tensors of a model; without packing it only checks them. */
  private static final class Reader {
    private static final PackedMatrix UNREAD =
        new PackedMatrix(PackedType.FLOAT, 0, 0, 1, 0, MemorySegment.NULL);

    private final GgufFile file;
    private final ModelShape shape;
    private final @Nullable Packing packing;

    Reader(GgufFile file, ModelShape shape, @Nullable Packing packing) {
      this.file = file;
      this.shape = shape;
      this.packing = packing;
    }

    ModelWeights read() {
      PackedMatrix embedding = matrix("token_embd.weight", shape.vocabulary(), shape.size());
      List<LayerWeights> layers = new ArrayList<>();
      for (int layer = 0; layer < shape.layers(); layer++) {
        layers.add(layer("blk." + layer + "."));
      }
      boolean tied = !file.hasTensor("output.weight");
      return new ModelWeights(
          embedding,
          List.copyOf(layers),
          vector("output_norm.weight", shape.size()),
          tied ? embedding : matrix("output.weight", shape.vocabulary(), shape.size()),
          optional("rope_freqs.weight", shape.ropeSize() / 2));
    }

    private LayerWeights layer(String prefix) {
      boolean gemma = shape.architecture() == Architecture.GEMMA3;
      int size = shape.size();
      int queries = shape.querySize();
      int keys = shape.keySize();
      return new LayerWeights(
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

    private PackedMatrix matrix(String name, int rows, int columns) {
      GgufTensor tensor = file.tensor(name);
      if (tensor.rank() > 2 || tensor.dimension(0) != columns || tensor.dimension(1) != rows) {
        throw wrongShape(tensor, columns + " x " + rows);
      }
      return packing == null ? UNREAD : packing.add(tensor);
    }

    private float[] vector(String name, int size) {
      GgufTensor tensor = file.tensor(name);
      if (tensor.elements() != size) {
        throw wrongShape(tensor, Integer.toString(size));
      }
      if (tensor.type() != GgmlType.F32 && tensor.type() != GgmlType.F16) {
        throw new UnsupportedModelException(tensor + " should be F32 or F16");
      }
      return packing == null ? new float[0] : tensor.toFloats();
    }

    private float @Nullable [] optional(String name, int size) {
      return file.hasTensor(name) ? vector(name, size) : null;
    }

    private static GgufException wrongShape(GgufTensor tensor, String expected) {
      return new GgufException(Code.BAD_SHAPE, tensor + " should be " + expected);
    }
  }
}
