package dev.gearbox.workshop.settings;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The known name that a misspelt one is closest to. */
public final class DidYouMean {
  private DidYouMean() {}

  /** The closest of {@code known} when it is close: a third of the letters may differ. */
  public static Optional<String> closest(String written, Collection<String> known) {
    String lower = written.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(k -> distance(lower, k) <= Math.max(1, Math.max(lower.length(), k.length()) / 3))
        .min(Comparator.comparingInt(k -> distance(lower, k)))
        .or(() -> beginning(lower, known));
  }

  /** For names that may be cut short: the only one that begins with nearly that. */
  private static Optional<String> beginning(String lower, Collection<String> known) {
    List<String> near =
        known.stream()
            .filter(k -> k.length() > lower.length())
            .filter(k -> distance(lower, k.substring(0, lower.length() + 1)) <= lower.length() / 3)
            .toList();
    return near.size() == 1 ? Optional.of(near.getFirst()) : Optional.empty();
  }

  /** Ready to append to a message: {@code , did you mean 'threads'?}, else the known names. */
  public static String hint(String written, Collection<String> known) {
    if (known.isEmpty()) {
      return "";
    }
    return closest(written, known)
        .map(k -> ", did you mean '" + k + "'?")
        .orElse("; known are " + String.join(", ", known));
  }

  /** Damerau-Levenshtein (optimal string alignment): a swap of neighbours counts once. */
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int best =
            Math.min(cost[i - 1][j - 1] + change, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          best = Math.min(best, cost[i - 2][j - 2] + 1);
        }
        cost[i][j] = best;
      }
    }
    return cost[a.length()][b.length()];
  }
}
