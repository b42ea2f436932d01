package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.LE;
import static dev.gearbox.cpu.kernel.Lanes.SPAN;
import static dev.gearbox.cpu.kernel.Lanes.biasedHalves;
import static dev.gearbox.cpu.kernel.Lanes.shorts;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Records of floats as panels of floats. */
final class VectorPanels {
  private VectorPanels() {}

  static void half(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    for (int i = 0; i < PackedMatrix.BLOCK * 2; i++) {
      biasedHalves(matrix.data(), p + i * SPAN)
          .mul(Lanes.unbias(0))
          .intoMemorySegment(panel, to + 2L * i * SPAN, LE);
    }
  }

  static void brain(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    for (int i = 0; i < PackedMatrix.BLOCK * 2; i++) {
      shorts(matrix.data(), p + i * SPAN)
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoMemorySegment(panel, to + 2L * i * SPAN, LE);
    }
  }

  static void single(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    for (int i = 0; i < PackedMatrix.BLOCK * 2; i++) {
      FloatVector.fromMemorySegment(F, matrix.data(), p + 2L * i * SPAN, LE)
          .intoMemorySegment(panel, to + 2L * i * SPAN, LE);
    }
  }
}
