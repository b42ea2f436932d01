package dev.gearbox.cpu.model;

import dev.gearbox.format.model.ModelShape;

/** What flows from stage to stage, one row for each token of the step. */
final class Activations {
  /** The residual stream. */
  final float[] hidden;

  final float[] normed;
  final float[] query;
  final float[] key;
  final float[] value;
  final float[] attended;

  /** What a part of a layer adds to the residual stream. */
  final float[] added;

  final float[] gate;
  final float[] up;

  Activations(ModelShape shape, int maxTokens) {
    hidden = new float[maxTokens * shape.size()];
    normed = new float[maxTokens * shape.size()];
    added = new float[maxTokens * shape.size()];
    query = new float[maxTokens * shape.querySize()];
    attended = new float[maxTokens * shape.querySize()];
    key = new float[maxTokens * shape.keySize()];
    value = new float[maxTokens * shape.keySize()];
    gate = new float[maxTokens * shape.inner()];
    up = new float[maxTokens * shape.inner()];
  }
}
