package dev.gearbox.policy.decide;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Which engines a decision looks at. Where many are on devices that hold the same, it looks at some
 * of those devices, drawn with its seed: the best of a few at random is nearly as good as the best
 * of all, and does not draw a crowd. Devices, not engines, because what shares one is full, and
 * priced, together. Pure.
 */
final class Draw {
  /** Engines that are looked at where there are more. */
  static final int DRAWN = 16;

  private static final Comparator<Roster.Seat> BY_ENGINE =
      Comparator.comparing(seat -> seat.signal().engine());

  private Draw() {}

  /**
   * Of the family.
   *
   * @param most engines on devices that hold the same, up to which all are looked at
   */
  static List<Roster.Seat> of(Roster.Family family, long seed, int most) {
    if (family.seats().size() <= most) {
      return family.seats();
    }
    SplittableRandom random = new SplittableRandom(seed ^ DRAWN);
    List<Roster.Seat> seats = new ArrayList<>();
    for (List<List<Roster.Seat>> alike : family.alike()) {
      int each = alike.getFirst().size();
      if (alike.size() * each <= most) {
        alike.forEach(seats::addAll);
      } else {
        draw(alike, Math.max(1, DRAWN / each), random, seats);
      }
    }
    seats.sort(BY_ENGINE);
    return seats;
  }

  /** Floyd's sampling: {@code count} different ones, each as likely as any. */
  private static void draw(
      List<List<Roster.Seat>> alike, int count, SplittableRandom random, List<Roster.Seat> seats) {
    int[] chosen = new int[count];
    for (int i = 0; i < count; i++) {
      int last = alike.size() - count + i;
      int next = random.nextInt(last + 1);
      for (int j = 0; j < i; j++) {
        if (chosen[j] == next) {
          next = last;
          break;
        }
      }
      chosen[i] = next;
      seats.addAll(alike.get(next));
    }
  }
}
