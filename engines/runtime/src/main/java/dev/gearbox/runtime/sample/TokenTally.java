package dev.gearbox.runtime.sample;

import java.util.Arrays;

/**
 * How often each token occurred: an open-addressed table of ints, two slots an entry (token + 1,
 * occurrences in the answer), so that applying penalties walks the distinct tokens only.
 */
final class TokenTally {
  private static final int EMPTY = 0;

  private int[] slots = new int[2 * 64];
  private int size;

  /** Counts {@code token}; {@code answer} is false for a token of the prompt. */
  void add(int token, boolean answer) {
    if (size * 4 >= slots.length) {
      grow();
    }
    int slot = find(slots, token);
    if (slots[slot] == EMPTY) {
      slots[slot] = token + 1;
      size++;
    }
    slots[slot + 1] += answer ? 1 : 0;
  }

  /** Applies the penalties of the OpenAI API and of CTRL (repetition) to the tokens seen. */
  void penalize(float[] logits, float presence, float frequency, float repetition) {
    for (int slot = 0; slot < slots.length; slot += 2) {
      int token = slots[slot] - 1;
      if (token < 0 || token >= logits.length) {
        continue;
      }
      int count = slots[slot + 1];
      float logit = logits[token];
      logit = logit > 0 ? logit / repetition : logit * repetition;
      logits[token] = logit - count * frequency - (count > 0 ? presence : 0);
    }
  }

  private void grow() {
    int[] larger = new int[slots.length * 2];
    for (int slot = 0; slot < slots.length; slot += 2) {
      if (slots[slot] != EMPTY) {
        int to = find(larger, slots[slot] - 1);
        larger[to] = slots[slot];
        larger[to + 1] = slots[slot + 1];
      }
    }
    slots = larger;
  }

  private static int find(int[] slots, int token) {
    int mask = slots.length / 2 - 1;
    // Fibonacci hashing: neighbouring ids land far apart.
    int at = (token * 0x9E3779B9) >>> 8 & mask;
    while (slots[2 * at] != EMPTY && slots[2 * at] != token + 1) {
      at = at + 1 & mask;
    }
    return 2 * at;
  }

  @Override
  public String toString() {
    return Arrays.toString(slots);
  }
}
