package dev.gearbox.runtime.sample;

/**
 * Memory for one row of logits at a time, some megabytes for a large vocabulary: shared by all
 * samplers that one thread uses.
 */
public final class SamplingBuffers {
  private final Candidates candidates = new Candidates();
  private final Likeliest likeliest = new Likeliest();
  private float[] logits = {};

  Candidates candidates() {
    return candidates;
  }

  Likeliest likeliest() {
    return likeliest;
  }

  float[] logits(int vocabulary) {
    if (logits.length != vocabulary) {
      logits = new float[vocabulary];
    }
    return logits;
  }
}
