package dev.gearbox.format.gguf;

/**
 * What a quantized block is made of, whatever its type: the numbers that {@link BlockEncoder} packs
 * and of which {@link BlockDecoder} makes floats again. Types of 32 elements use the first 32
 * quants and no sub-scales. Reused from block to block by one thread.
 */
public final class BlockParts {
  /** Elements of the largest block. */
  public static final int MOST = 256;

  /** Scale of the block; stored as half precision. */
  public float scale;

  /** Minimum of the block, for types that have one; stored as half precision. */
  public float minimum;

  /** Scales of sub-blocks: 4 or 6 bits unsigned, signed for Q3_K (−32 to 31) and Q6_K (8 bits). */
  public final int[] scales = new int[16];

  /** Minima of sub-blocks, 4 or 6 bits. */
  public final int[] minima = new int[16];

  /** What elements became, 0 and up; −127 to 127 for Q8_0. */
  public final int[] quants = new int[MOST];
}
