package dev.gearbox.gateway.admission;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** What one request holds of its tenant's quota until it ends. */
final class Reservation {
  private final @Nullable Quota quota;
  private final int prompt;
  private final long tokens;
  private final AtomicBoolean settled = new AtomicBoolean();
  private boolean shared;

  Reservation(@Nullable Quota quota, int prompt, long tokens) {
    this.quota = quota;
    this.prompt = prompt;
    this.tokens = tokens;
  }

  /** Of a request that got none. */
  static Reservation none() {
    return new Reservation(null, 0, 0);
  }

  long tokens() {
    return tokens;
  }

  /**
   * The store that gateways share has taken it.
   *
   * @return false when it was settled before, and the store does not know of that
   */
  synchronized boolean shared() {
    shared = true;
    return !settled.get();
  }

  /** It was refused, so there is nothing to settle but the place. */
  void refused() {
    if (quota != null && settled.compareAndSet(false, true)) {
      quota.leave();
    }
  }

  /** Gives back what was not used, or owes what was used beyond it. Idempotent. */
  void settle(Used used) {
    boolean known;
    synchronized (this) {
      if (quota == null || !settled.compareAndSet(false, true)) {
        return;
      }
      known = shared;
    }
    int read = used.prompt() > 0 || !used.ran() ? used.prompt() : prompt;
    quota.settle(tokens, (long) read + used.generated(), used.answer(), known);
  }

  /**
   * What a request used.
   *
   * @param ran whether an engine took it; its prompt counts then even if nobody counted it
   * @param prompt tokens, 0 when they were not counted
   * @param generated tokens of all answers
   * @param answers how many
   */
  record Used(boolean ran, int prompt, int generated, int answers) {
    static final Used NOTHING = new Used(false, 0, 0, 1);

    int answer() {
      return generated / answers;
    }
  }
}
