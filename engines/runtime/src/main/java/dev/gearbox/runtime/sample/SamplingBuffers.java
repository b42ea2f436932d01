package dev.gearbox.runtime.sample;

/**
 * Memory for one row of logits at a time, some megabytes for a large vocabulary: shared by all
 * samplers that one thread uses.
 */
public final class SamplingBuffers {
  private final Candidates candidates = new Candidates();
  private float[] logits = {};

  Candidates candidates() {
    return candidates;
  }

  float[] logits(int vocabulary) {
    if (logits.length != vocabulary) {
      logits = new float[vocabulary];
    }
    return logits;
  }
}
