package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.MatrixPacker;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.ScaleBound;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.cpu.parallel.Stage;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The weights of a model in native memory, a copy: the file may be closed once it is read. */
@SuppressWarnings("ArrayRecordComponent") // weights are read-only by convention, and large
record ModelWeights(
    PackedMatrix embedding,
    List<LayerWeights> layers,
    float[] outputNorm,
    PackedMatrix output,
    float @Nullable [] ropeFactors,
    Packing packing) {

  /** Whether the embeddings make the logits too. */
  boolean tied() {
    return output.data().address() == embedding.data().address();
  }

  /** Checks every tensor that will be read, then copies them. */
  static ModelWeights load(
      GgufFile file, ModelShape shape, Kernels kernels, Arena arena, CpuWorkers workers) {
    ModelWeights weights = reserve(file, shape, kernels, arena, workers);
    weights.packing.pack(matrix -> true);
    return weights;
  }

  /** Checks every tensor, and copies none before it is asked for: the file must stay open. */
  static ModelWeights reserve(
      GgufFile file, ModelShape shape, Kernels kernels, Arena arena, CpuWorkers workers) {
    ModelTensors tensors = ModelTensors.of(file, shape);
    Packing packing = new Packing(kernels, LazyMemory.in(arena), workers);
    tensors.matrices().forEach(packing::note);
    packing.bound();
    PackedMatrix embedding = packing.add(tensors.embedding());
    return new ModelWeights(
        embedding,
        tensors.layers().stream().map(packing::layer).toList(),
        tensors.outputNorm().toFloats(),
        tensors.tied() ? embedding : packing.add(tensors.output()),
        floats(tensors.ropeFactors()),
        packing);
  }

  /** Copies some matrices of a reserved model, and gives back the memory of all others. */
  void only(List<PackedMatrix> wanted) {
    packing.forget(matrix -> !wanted.contains(matrix));
    packing.pack(wanted::contains);
  }

  private static float @Nullable [] floats(@Nullable GgufTensor tensor) {
    return tensor == null ? null : tensor.toFloats();
  }

  /**
   * Looks at the scales of matrices, allocates them and packs them, in parallel and a slice at a
   * time: a step of another model on these workers waits for one slice, some milliseconds, and no
   * longer.
   */
  static final class Packing {
    private static final int SLICE_WEIGHTS = 1 << 21;

    /** Weights that one job looks at. */
    private static final int SEEN_WEIGHTS = 1 << 17;

    private final Kernels kernels;
    private final SegmentAllocator memory;
    private final CpuWorkers workers;
    private final Map<String, ScaleBound> bounds = new LinkedHashMap<>();
    private final List<MatrixPacker> packers = new ArrayList<>();

    private Packing(Kernels kernels, SegmentAllocator memory, CpuWorkers workers) {
      this.kernels = kernels;
      this.memory = memory;
      this.workers = workers;
    }

    /** Notes a tensor that will be packed. */
    private void note(GgufTensor tensor) {
      bounds.put(tensor.name(), new ScaleBound(tensor));
    }

    private void bound() {
      for (ScaleBound bound : bounds.values()) {
        long rows = bound.tensor().rows();
        int slice = Math.max(1, SEEN_WEIGHTS / bound.tensor().columns());
        for (long first = 0; first < rows; first += (long) SLICE_WEIGHTS / SEEN_WEIGHTS * slice) {
          workers.run(new Seen(bound, first, slice));
        }
      }
    }

    private PackedMatrix add(GgufTensor tensor) {
      ScaleBound bound = Objects.requireNonNull(bounds.get(tensor.name()));
      MatrixPacker packer = new MatrixPacker(bound, kernels.groupRows(), memory);
      packers.add(packer);
      return packer.matrix();
    }

    private LayerWeights layer(ModelTensors.Layer layer) {
      return new LayerWeights(
          layer.attentionNorm().toFloats(),
          add(layer.query()),
          add(layer.key()),
          add(layer.value()),
          floats(layer.queryBias()),
          floats(layer.keyBias()),
          floats(layer.valueBias()),
          floats(layer.queryNorm()),
          floats(layer.keyNorm()),
          add(layer.attentionOutput()),
          floats(layer.afterAttentionNorm()),
          layer.innerNorm().toFloats(),
          add(layer.gate()),
          add(layer.up()),
          add(layer.down()),
          floats(layer.afterInnerNorm()));
    }

    private void forget(Predicate<PackedMatrix> unwanted) {
      packers.stream()
          .map(MatrixPacker::matrix)
          .filter(unwanted)
          .forEach(matrix -> LazyMemory.forget(matrix.data()));
    }

    private void pack(Predicate<PackedMatrix> wanted) {
      for (MatrixPacker packer : packers) {
        PackedMatrix matrix = packer.matrix();
        if (!wanted.test(matrix)) {
          continue;
        }
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
}
