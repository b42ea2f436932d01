package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.KvType;

/**
 * What an operator chooses about a model on a CPU.
 *
 * @param kvCacheType how keys and values are kept
 * @param attention what a token sees
 */
public record CpuOptions(KvType kvCacheType, AttentionSpec attention) {
  /** Half floats, and everything seen. */
  public static final CpuOptions DEFAULT = new CpuOptions(KvType.F16, new AttentionSpec.Full());
}
