package dev.gearbox.opencl;

import dev.gearbox.format.model.ModelShape;

/** What flows from stage to stage, one row of floats for each token of the step. */
final class Activations {
  /** The residual stream. */
  final ClBuffer hidden;

  final ClBuffer normed;
  final ClBuffer query;
  final ClBuffer key;
  final ClBuffer value;
  final ClBuffer attended;

  /** What a part of a layer adds to the residual stream. */
  final ClBuffer added;

  final ClBuffer gate;
  final ClBuffer up;

  /** Of the tokens that ask for logits alone, behind the last layer's keys. */
  final ClBuffer askedHidden;

  final ClBuffer askedQuery;
  final ClBuffer askedTokens;

  Activations(ModelShape shape, int maxTokens, OpenClContext context, Resources resources) {
    hidden = rows(maxTokens, shape.size(), context, resources);
    normed = rows(maxTokens, shape.size(), context, resources);
    added = rows(maxTokens, shape.size(), context, resources);
    query = rows(maxTokens, shape.querySize(), context, resources);
    attended = rows(maxTokens, shape.querySize(), context, resources);
    key = rows(maxTokens, shape.keySize(), context, resources);
    value = rows(maxTokens, shape.keySize(), context, resources);
    gate = rows(maxTokens, shape.inner(), context, resources);
    up = rows(maxTokens, shape.inner(), context, resources);
    askedHidden = rows(maxTokens, shape.size(), context, resources);
    askedQuery = rows(maxTokens, shape.querySize(), context, resources);
    askedTokens = rows(maxTokens, 4, context, resources);
  }

  /** Bytes that all of them take. */
  static long bytes(ModelShape shape, int maxTokens) {
    long floats =
        4L * shape.size() + 3L * shape.querySize() + 2L * shape.keySize() + 2L * shape.inner() + 4;
    return floats * Float.BYTES * maxTokens;
  }

  private static ClBuffer rows(
      int maxTokens, int width, OpenClContext context, Resources resources) {
    long bytes = (long) Float.BYTES * maxTokens * width;
    return resources.add(context.allocate("hidden states", bytes));
  }
}
