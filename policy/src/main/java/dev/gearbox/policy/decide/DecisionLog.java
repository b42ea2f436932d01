package dev.gearbox.policy.decide;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The latest decision records by id; the oldest goes when a new one comes. Thread-safe. */
public final class DecisionLog {
  public static final int DEFAULT_KEEP = 10_000;

  private final int keep;
  private final LinkedHashMap<String, DecisionRecord> records = new LinkedHashMap<>();

  public DecisionLog() {
    this(DEFAULT_KEEP);
  }

  /** A log of {@code keep} records. */
  public DecisionLog(int keep) {
    if (keep < 1) {
      throw new IllegalArgumentException("a decision log keeps at least one, got " + keep);
    }
    this.keep = keep;
  }

  synchronized void add(DecisionRecord made) {
    records.put(made.id(), made);
    if (records.size() > keep) {
      records.remove(records.keySet().iterator().next());
    }
  }

  /** Replaces a record that is still kept, and returns the new one; null when it is gone. */
  synchronized @Nullable DecisionRecord update(String id, UnaryOperator<DecisionRecord> change) {
    return records.computeIfPresent(id, (key, old) -> change.apply(old));
  }

  /** A record by its id; null when it never was or is gone. */
  public synchronized @Nullable DecisionRecord find(String id) {
    return records.get(id);
  }

  /** The latest {@code count} records, latest first. */
  public synchronized List<DecisionRecord> latest(int count) {
    List<DecisionRecord> latest = new ArrayList<>(Math.min(count, records.size()));
    for (Map.Entry<String, DecisionRecord> entry : records.sequencedEntrySet().reversed()) {
      if (latest.size() == count) {
        break;
      }
      latest.add(entry.getValue());
    }
    return latest;
  }

  public synchronized int size() {
    return records.size();
  }
}
