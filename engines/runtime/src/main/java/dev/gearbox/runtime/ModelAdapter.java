package dev.gearbox.runtime;

/**
 * Weights that a {@link ModelRunner} adds to those of its model for the sequences that carry them;
 * made by that runner, immutable. Their memory is the heap's: they are gone when nobody holds them.
 */
public interface ModelAdapter {
  /** The largest rank of its matrices. */
  int rank();

  /** Bytes that it takes. */
  long bytes();
}
