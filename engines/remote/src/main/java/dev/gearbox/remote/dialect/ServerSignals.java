package dev.gearbox.remote.dialect;

/**
 * What a server's metrics say of one model at one moment. Whatever a server does not tell is NaN,
 * which means unknown and never zero.
 *
 * @param running sequences in its batch
 * @param waiting requests in its queue
 * @param kvUsage share of its KV memory in use, 0 to 1
 * @param blockTokens tokens of a KV block
 * @param blocks blocks of its KV memory
 * @param prefixQueries tokens looked up in the prefix cache since it started
 * @param prefixHits tokens of those that it held
 */
public record ServerSignals(
    double running,
    double waiting,
    double kvUsage,
    double blockTokens,
    double blocks,
    double prefixQueries,
    double prefixHits) {
  /** A server that tells nothing. */
  public static final ServerSignals UNKNOWN =
      new ServerSignals(
          Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

  /** Requests that it has, 0 where it tells nothing of them. */
  public int requests() {
    return whole(running) + whole(waiting);
  }

  /** A count that may be unknown as one that is not, within what an int holds. */
  public static int whole(double value) {
    return value > 0 ? (int) Math.min(value, 1_000_000_000) : 0;
  }
}
