package dev.gearbox.workshop;

/** Who wants to see weights arrive. Called on the thread that fetches. */
public interface FetchListener {
  /** Sees nothing. */
  FetchListener SILENT =
      new FetchListener() {
        @Override
        public void note(String line) {}

        @Override
        public void progress(long done, long total) {}
      };

  /** One line for a person: a source is out of reach, another process holds the lock. */
  void note(String line);

  /**
   * Bytes so far. Starts where a resumed file stands and may fall back when a source has to begin
   * again.
   */
  void progress(long done, long total);
}
