package dev.gearbox.gateway.admission;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** What one request holds of its tenant's quota until it ends. */
final class Reservation {
  private final @Nullable Quota quota;
  private final int prompt;
  private final long tokens;
  private final AtomicBoolean settled = new AtomicBoolean();

  Reservation(@Nullable Quota quota, int prompt, long tokens) {
    this.quota = quota;
    this.prompt = prompt;
    this.tokens = tokens;
  }

  /** Of a request that got none. */
  static Reservation none() {
    return new Reservation(null, 0, 0);
  }

  /** Gives back what was not used, or owes what was used beyond it. Idempotent. */
  void settle(Used used) {
    if (quota == null || !settled.compareAndSet(false, true)) {
      return;
    }
    int read = used.prompt() > 0 || !used.ran() ? used.prompt() : prompt;
    quota.settle(tokens, (long) read + used.generated(), used.answer());
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
