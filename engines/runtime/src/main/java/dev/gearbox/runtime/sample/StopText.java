package dev.gearbox.runtime.sample;

import java.util.List;

/**
 * Text on its way out, held back while it may be the beginning of a stop string. The stop string
 * that is complete first ends the text, however the text was cut into pieces; no part of it gets
 * out.
 */
public final class StopText {
  private final List<String> stops;
  private final int longest;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  public StopText(List<String> stops) {
    this.stops = List.copyOf(stops);
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  /** Whether a stop string is complete; nothing comes out after that. */
  public boolean stopped() {
    return stopped;
  }

  /** Takes the next piece and returns what is certain to belong to the answer. */
  public String append(String piece) {
    if (stops.isEmpty()) {
      return piece;
    }
    if (stopped) {
      return "";
    }
    int searched = held.length();
    held.append(piece);
    for (int end = searched + 1; end <= held.length(); end++) {
      int start = startOfStopEndingAt(end);
      if (start >= 0) {
        stopped = true;
        held.setLength(start);
        return take(start);
      }
    }
    return take(held.length() - undecided());
  }

  /** What was held back, when the answer ends without a stop string. */
  public String flush() {
    return take(held.length());
  }

  private String take(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }

  private int startOfStopEndingAt(int end) {
    int earliest = -1;
    for (String stop : stops) {
      int start = end - stop.length();
      if (start >= 0 && matches(stop, start, stop.length()) && (earliest < 0 || start < earliest)) {
        earliest = start;
      }
    }
    return earliest;
  }

  /** Length of the longest tail that begins some stop string. */
  private int undecided() {
    for (int length = Math.min(longest - 1, held.length()); length > 0; length--) {
      for (String stop : stops) {
        if (length < stop.length() && matches(stop, held.length() - length, length)) {
          return length;
        }
      }
    }
    return 0;
  }

  private boolean matches(String stop, int start, int length) {
    for (int i = 0; i < length; i++) {
      if (held.charAt(start + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
