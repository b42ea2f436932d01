package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.PackedMatrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The weights of one layer; what an architecture lacks is null. */
@SuppressWarnings("ArrayRecordComponent") // weights are read-only by convention, and large
record LayerWeights(
    float[] attentionNorm,
    PackedMatrix query,
    PackedMatrix key,
    PackedMatrix value,
    float @Nullable [] queryBias,
    float @Nullable [] keyBias,
    float @Nullable [] valueBias,
    float @Nullable [] queryNorm,
    float @Nullable [] keyNorm,
    PackedMatrix attentionOutput,
    float @Nullable [] afterAttentionNorm,
    float[] innerNorm,
    PackedMatrix gate,
    PackedMatrix up,
    PackedMatrix down,
    float @Nullable [] afterInnerNorm) {
  /** All matrices. */
  List<PackedMatrix> matrices() {
    return List.of(query, key, value, attentionOutput, gate, up, down);
  }
}
