package dev.gearbox.format.template;

import java.util.function.LongSupplier;

/**
 * What one rendering may still use. Steps bound the work whatever the clock says; the clock is
 * looked at now and then.
 */
final class Budget {
  static final int MAX_CHARACTERS = 1 << 20;

  private static final int MAX_STEPS = 1 << 20;
  private static final int MAX_DEPTH = 200;
  private static final long MAX_NANOS = 100_000_000;
  private static final int STEPS_BETWEEN_LOOKS = 1 << 12;
  private static final int CHARACTERS_PER_STEP = 16;

  private final LongSupplier nanoTime;
  private final long began;
  private int steps;
  private int nextLook = STEPS_BETWEEN_LOOKS;
  private int depth;

  Budget(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.began = nanoTime.getAsLong();
  }

  void step() {
    steps(1);
  }

  /** Pays for a text or list that is about to be made. */
  void make(long length) {
    check(length);
    steps(1 + (int) length / CHARACTERS_PER_STEP);
  }

  /** Refuses a text or list of a length, without paying for it. */
  void check(long length) {
    if (length > MAX_CHARACTERS) {
      throw limit("makes more than %d characters or elements".formatted(MAX_CHARACTERS));
    }
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw limit("is nested more than %d deep".formatted(MAX_DEPTH));
    }
  }

  void leave() {
    depth--;
  }

  private void steps(int count) {
    steps += count;
    if (steps > MAX_STEPS) {
      throw limit("takes more than %d steps".formatted(MAX_STEPS));
    }
    if (steps > nextLook) {
      nextLook = steps + STEPS_BETWEEN_LOOKS;
      if (nanoTime.getAsLong() - began > MAX_NANOS) {
        throw limit("takes more than %d ms".formatted(MAX_NANOS / 1_000_000));
      }
    }
  }

  private static TemplateException limit(String what) {
    return new TemplateException(TemplateException.Code.LIMIT, "the chat template " + what);
  }
}
