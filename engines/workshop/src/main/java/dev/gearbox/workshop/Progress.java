package dev.gearbox.workshop;

/** Told how far long work is; called by the thread that works. */
@FunctionalInterface
public interface Progress {
  /** Tells nobody. */
  Progress NONE = (done, total) -> {};

  /**
   * So much is done.
   *
   * @param done of {@code total}, in a unit of the work's own
   */
  void at(long done, long total);
}
