package dev.gearbox.runtime;

import dev.gearbox.runtime.sample.Likeliest;
import dev.gearbox.runtime.sample.Sampler;

/**
 * What a step gives for the rows that asked: their logits, or where nobody looks at more, their
 * likeliest tokens alone. Valid until the next step.
 */
final class StepLogits {
  private final int vocabulary;
  final Likeliest few = new Likeliest();
  float[] whole = {};
  boolean sparse;

  StepLogits(int vocabulary) {
    this.vocabulary = vocabulary;
  }

  int vocabulary() {
    return vocabulary;
  }

  /** The next token after a row. */
  int sample(Sampler sampler, int row) {
    return sparse ? sampler.sample(few, row) : sampler.sample(whole, row * vocabulary, vocabulary);
  }
}
