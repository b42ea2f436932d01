package dev.gearbox.cpu.model;

import dev.gearbox.format.model.ModelShape;

/**
 * The matrices of a layer that adapters may add to. Sites number them over the whole model, those
 * that share an input side by side:
 *
 * <pre>
 *   layer 0: q k v | o | gate up | down     layer 1: …     last: output
 * </pre>
 */
enum Linear {
  QUERY(0, "attn_q"),
  KEY(1, "attn_k"),
  VALUE(2, "attn_v"),
  ATTENTION_OUTPUT(3, "attn_output"),
  GATE(4, "ffn_gate"),
  UP(5, "ffn_up"),
  DOWN(6, "ffn_down");

  /** Matrices of a layer. */
  static final int COUNT = values().length;

  private final int place;
  private final String tensor;

  Linear(int place, String tensor) {
    this.place = place;
    this.tensor = tensor;
  }

  /** Its name in a file, without the layer. */
  String tensor() {
    return tensor;
  }

  int site(int layer) {
    return layer * COUNT + place;
  }

  /** The site of the matrix that makes logits. */
  static int output(ModelShape shape) {
    return shape.layers() * COUNT;
  }

  int rows(ModelShape shape) {
    return switch (this) {
      case QUERY -> shape.querySize();
      case KEY, VALUE -> shape.keySize();
      case ATTENTION_OUTPUT, DOWN -> shape.size();
      case GATE, UP -> shape.inner();
    };
  }

  int columns(ModelShape shape) {
    return switch (this) {
      case QUERY, KEY, VALUE, GATE, UP -> shape.size();
      case ATTENTION_OUTPUT -> shape.querySize();
      case DOWN -> shape.inner();
    };
  }
}
