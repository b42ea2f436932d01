package dev.gearbox.telemetry.meter;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Values of one label, the first {@code limit} distinct ones; the rest become {@code other}, as
 * does what is no name: long or with control characters.
 */
final class Labels {
  private static final int LONGEST = 128;

  private final int limit;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();

  Labels(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("a label needs at least one value, got " + limit);
    }
    this.limit = limit;
  }

  String bound(@Nullable String value) {
    if (value == null || value.isEmpty()) {
      return MetricNames.NONE;
    }
    if (seen.contains(value)) {
      return value;
    }
    if (value.length() > LONGEST || value.chars().anyMatch(Character::isISOControl)) {
      return MetricNames.OTHER;
    }
    synchronized (seen) {
      if (seen.size() < limit) {
        seen.add(value);
        return value;
      }
    }
    return known(value);
  }

  /** The value where it has a series already. */
  String known(String value) {
    return seen.contains(value) ? value : MetricNames.OTHER;
  }
}
