package dev.gearbox.cpu.kernel;

/**
 * A few blocks of one group of a quantized matrix, decoded once for all the rows of activations
 * that meet them. On the heap, because a store to native memory bars C2 from moving loads.
 *
 * <pre>
 *   quants   short [block][k][row][2]   weights 2k and 2k+1 with their offset, k = 0..15
 *   bytes    float [block][k][row]      BYTE instead: weight k, k = 0..31
 *   scales   float [block][2][row]      two scales, or a scale and a min
 * </pre>
 */
public final class DecodedBlocks {
  final short[] quants;
  final float[] bytes;
  final float[] scales;

  /** Room for {@link Kernels#DECODED_BLOCKS} blocks of {@code groupRows} rows. */
  public DecodedBlocks(int groupRows) {
    quants = new short[Kernels.DECODED_BLOCKS * PackedMatrix.BLOCK * groupRows];
    bytes = new float[Kernels.DECODED_BLOCKS * PackedMatrix.BLOCK * groupRows];
    scales = new float[Kernels.DECODED_BLOCKS * 2 * groupRows];
  }
}
