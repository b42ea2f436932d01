package dev.gearbox.runtime.cache;

/**
 * Identity of a full block: SHA-256 over its salt and every token up to its end, as four words. Two
 * tenants with different salts cannot make each other's keys.
 */
record BlockKey(long a, long b, long c, long d) {
  @Override
  public int hashCode() {
    // The words are uniformly distributed already.
    return (int) a;
  }
}
