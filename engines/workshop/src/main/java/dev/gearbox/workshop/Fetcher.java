package dev.gearbox.workshop;

import java.io.IOException;

/** Brings the bytes of one source into a partial file. */
interface Fetcher {
  /**
   * Fetches what is missing; the partial file is whole when this returns.
   *
   * @throws IOException when the source cannot give it; the message is the reason in a few words
   */
  void fetch(PartialFile partial, long size, FetchListener listener)
      throws IOException, InterruptedException;

  /** Bytes of disk that it needs beside the file itself. */
  default long scratchBytes(long size) {
    return 0;
  }

  /** Whether it asks another machine. */
  boolean remote();
}
