package dev.gearbox.opencl;

import dev.gearbox.opencl.OpenClDevice.Kind;

/**
 * How work is cut for a kind of device; every kernel takes it as macros.
 *
 * @param lanes work items that share a row of weights
 * @param rows rows of weights of a work group
 * @param tokens vectors that a block of weights is multiplied by once it is decoded
 * @param attentionLanes work items that share the query heads of a key head
 * @param wide work items that share a norm
 * @param flat work items of a group where each element stands for itself
 */
record Tiling(int lanes, int rows, int tokens, int attentionLanes, int wide, int flat) {
  /** Neighbours read neighbouring blocks, as memory that is read by many at once wants it. */
  static final Tiling GPU = new Tiling(32, 4, 4, 32, 128, 128);

  /** An item walks alone and in vectors: a group runs on one core. */
  static final Tiling CPU = new Tiling(1, 8, 4, 1, 1, 64);

  static Tiling of(OpenClDevice device) {
    Tiling tiling = device.kind() == Kind.CPU ? CPU : GPU;
    int most = device.largestGroup();
    return new Tiling(
        Math.min(tiling.lanes, most),
        Math.max(1, Math.min(tiling.rows, most / tiling.lanes)),
        tiling.tokens,
        Math.min(tiling.attentionLanes, most),
        Math.min(tiling.wide, most),
        Math.min(tiling.flat, most));
  }
}
