package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.MatrixPacker;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.PackedType;
import dev.gearbox.cpu.kernel.ScaleBound;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.cpu.parallel.Stage;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufException.Code;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    Packing packing = new Packing(kernels, LazyMemory.in(arena), workers);
    new Reader(file, shape, packing, true).read();
    packing.bound();
    ModelWeights weights = new Reader(file, shape, packing, false).read();
    packing.pack();
    return weights;
  }

  /**
   * Looks at the scales of matrices, allocates them and packs them, in parallel and a slice at a
   * time: a step of another model on these workers waits for one slice, some milliseconds, and no
   * longer.
   */
  private static final class Packing {
    private static final int SLICE_WEIGHTS = 1 << 21;

    /** Weights that one job looks at. */
    private static final int SEEN_WEIGHTS = 1 << 17;

    private final Kernels kernels;
    private final SegmentAllocator memory;
    private final CpuWorkers workers;
    private final Map<String, ScaleBound> bounds = new LinkedHashMap<>();
    private final List<MatrixPacker> packers = new ArrayList<>();

    Packing(Kernels kernels, SegmentAllocator memory, CpuWorkers workers) {
      this.kernels = kernels;
      this.memory = memory;
      this.workers = workers;
    }

    /** Notes a tensor that will be packed. */
    void note(GgufTensor tensor) {
      bounds.put(tensor.name(), new ScaleBound(tensor));
    }

    void bound() {
      for (ScaleBound bound : bounds.values()) {
        long rows = bound.tensor().rows();
        int slice = Math.max(1, SEEN_WEIGHTS / bound.tensor().columns());
        for (long first = 0; first < rows; first += (long) SLICE_WEIGHTS / SEEN_WEIGHTS * slice) {
          workers.run(new Seen(bound, first, slice));
        }
      }
    }

    PackedMatrix add(GgufTensor tensor) {
      ScaleBound bound = Objects.requireNonNull(bounds.get(tensor.name()));
      MatrixPacker packer = new MatrixPacker(bound, kernels.groupRows(), memory);
      packers.add(packer);
      return packer.matrix();
    }

    void pack() {
      for (MatrixPacker packer : packers) {
        PackedMatrix matrix = packer.matrix();
        int slice =
            Math.max(workers.threads(), SLICE_WEIGHTS / (matrix.groupRows() * matrix.columns()));
        for (int first = 0; first < matrix.groups(); first += slice) {
          workers.run(new Slice(packer, first, Math.min(slice, matrix.groups() - first)));
        }
      }
    }

    /** Looks at rows from {@code first}, {@code slice} of them a job. */
    private record Seen(ScaleBound bound, long first, int slice) implements Stage {
      @Override
      public int jobs() {
        long left = bound.tensor().rows() - first;
        return (int) Math.min(SLICE_WEIGHTS / SEEN_WEIGHTS, Math.ceilDiv(left, (long) slice));
      }

      @Override
      public void run(int job, int worker) {
        long from = first + (long) job * slice;
        bound.see(from, Math.min(from + slice, bound.tensor().rows()));
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

  /** Walks over the tensors of a model, at first only to check and note them. */
  private static final class Reader {
    private static final PackedMatrix UNREAD =
        new PackedMatrix(PackedType.FLOAT, 0, 0, 1, 0, MemorySegment.NULL);

    private final GgufFile file;
    private final ModelShape shape;
    private final Packing packing;
    private final boolean first;

    Reader(GgufFile file, ModelShape shape, Packing packing, boolean first) {
      this.file = file;
      this.shape = shape;
      this.packing = packing;
      this.first = first;
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
      if (first) {
        packing.note(tensor);
        return UNREAD;
      }
      return packing.add(tensor);
    }

    private float[] vector(String name, int size) {
      GgufTensor tensor = file.tensor(name);
      if (tensor.elements() != size) {
        throw wrongShape(tensor, Integer.toString(size));
      }
      if (tensor.type() != GgmlType.F32 && tensor.type() != GgmlType.F16) {
        throw new UnsupportedModelException(tensor + " should be F32 or F16");
      }
      return first ? new float[0] : tensor.toFloats();
    }

    private float @Nullable [] optional(String name, int size) {
      return file.hasTensor(name) ? vector(name, size) : null;
    }

    private static GgufException wrongShape(GgufTensor tensor, String expected) {
      return new GgufException(Code.BAD_SHAPE, tensor + " should be " + expected);
    }
  }
}
