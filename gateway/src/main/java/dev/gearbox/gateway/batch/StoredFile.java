package dev.gearbox.gateway.batch;

/**
 * A file that a tenant has here.
 *
 * @param id {@code file-…}
 * @param tenant whose it is
 * @param name as the client called it
 * @param purpose {@code batch} or {@code batch_output}
 * @param bytes its size
 * @param createdAt seconds since 1970
 */
public record StoredFile(
    String id, String tenant, String name, String purpose, long bytes, long createdAt) {
  /** Purpose of what clients upload. */
  public static final String INPUT = "batch";

  /** Purpose of what batches write. */
  public static final String OUTPUT = "batch_output";
}
