package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The species of this process and the conversions that every vector kernel shares. C2 folds species
 * only where they are static and final, so the width is settled when this class is initialised.
 */
final class Lanes {
  static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  static final VectorSpecies<Float> F = species(float.class, SimdWidth.bits());
  static final VectorSpecies<Integer> I = species(int.class, SimdWidth.bits());
  static final VectorSpecies<Integer> HALF_I = species(int.class, SimdWidth.bits() / 2);
  static final VectorSpecies<Short> S = species(short.class, SimdWidth.bits());
  static final VectorSpecies<Short> HALF_S = species(short.class, SimdWidth.bits() / 2);
  static final VectorSpecies<Byte> HALF_B = species(byte.class, SimdWidth.bits() / 2);

  // A vector of bytes has eight at least, twice the floats in 128 bits: the first of them count.
  static final VectorSpecies<Byte> QUARTER_B =
      species(byte.class, Math.max(64, SimdWidth.bits() / 4));

  /** Floats in a vector, and rows in half a group. */
  static final int L = F.length();

  /** Rows in a group. */
  static final int R = 2 * L;

  /** Bytes from one pair of columns to the next in a record. */
  static final long STEP = 2L * R;

  /** Bytes that one load of bytes or of half floats takes: those of half a group. */
  static final long SPAN = R;

  private static final float HALF_TO_FLOAT = 0x1p112f;

  private Lanes() {}

  private static <E> VectorSpecies<E> species(Class<E> element, int bits) {
    return VectorSpecies.of(element, VectorShape.forBitSize(bits));
  }

  /** Unsigned bytes as shorts; widening before any mask is twice as fast as after it. */
  static ShortVector bytes(MemorySegment data, long at) {
    return (ShortVector)
        ByteVector.fromMemorySegment(HALF_B, data, at, LE)
            .convertShape(VectorOperators.ZERO_EXTEND_B2S, S, 0);
  }

  /** Signed bytes as shorts. */
  static ShortVector signedBytes(MemorySegment data, long at) {
    return (ShortVector)
        ByteVector.fromMemorySegment(HALF_B, data, at, LE).convertShape(VectorOperators.B2S, S, 0);
  }

  /** Unsigned shorts as ints. */
  static IntVector shorts(MemorySegment data, long at) {
    return (IntVector)
        ShortVector.fromMemorySegment(HALF_S, data, at, LE)
            .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
  }

  /** Signed shorts as ints. */
  static IntVector signedShorts(MemorySegment data, long at) {
    return (IntVector)
        ShortVector.fromMemorySegment(HALF_S, data, at, LE).convertShape(VectorOperators.S2I, I, 0);
  }

  /**
   * Finite half floats as floats, divided by {@code 2^112}: exponent and mantissa move into place
   * and only the bias is wrong.
   */
  static FloatVector biasedHalves(MemorySegment data, long at) {
    return signedShorts(data, at)
        .lanewise(VectorOperators.LSHL, 13)
        .and(0x8fffe000)
        .reinterpretAsFloats();
  }

  /** What {@link #biasedHalves} must be multiplied by for scales stored times {@code 2^shift}. */
  static float unbias(int shift) {
    return Math.scalb(HALF_TO_FLOAT, -shift);
  }

  /** Half floats as floats; neither infinite nor subnormal. */
  static FloatVector halves(MemorySegment data, long at) {
    return biasedHalves(data, at).mul(HALF_TO_FLOAT);
  }

  /** Signed bytes as floats. */
  static FloatVector signedFloats(MemorySegment data, long at) {
    return floats(
        (IntVector)
            ByteVector.fromMemorySegment(QUARTER_B, data, at, LE)
                .convertShape(VectorOperators.B2I, I, 0));
  }

  /** The two shorts of each int lane added. */
  static IntVector pairSum(ShortVector shorts) {
    IntVector ints = shorts.reinterpretAsInts();
    return ints.lanewise(VectorOperators.ASHR, 16)
        .add(ints.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
  }

  static FloatVector floats(IntVector ints) {
    return (FloatVector) ints.convertShape(VectorOperators.I2F, F, 0);
  }

  /** One pair of activations in every int lane. */
  static ShortVector pair(int pair) {
    return IntVector.broadcast(I, pair).reinterpretAsShorts();
  }
}
