package dev.gearbox.policy.decide;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The latest decision records by id; the oldest goes when a new one comes. Whoever keeps records
 * for longer is told each of them once: when its request ended, or when it goes before.
 * Thread-safe.
 */
public final class DecisionLog {
  public static final int DEFAULT_KEEP = 10_000;

  private final int keep;
  private final Consumer<DecisionRecord> complete;
  private final LinkedHashMap<String, DecisionRecord> records = new LinkedHashMap<>();

  public DecisionLog() {
    this(DEFAULT_KEEP);
  }

  /** A log of {@code keep} records. */
  public DecisionLog(int keep) {
    this(keep, record -> {});
  }

  /**
   * A log of {@code keep} records.
   *
   * @param complete told of records that will not change; may not block
   */
  public DecisionLog(int keep, Consumer<DecisionRecord> complete) {
    if (keep < 1) {
      throw new IllegalArgumentException("a decision log keeps at least one, got " + keep);
    }
    this.keep = keep;
    this.complete = complete;
  }

  synchronized void add(DecisionRecord made) {
    records.put(made.id(), made);
    if (records.size() > keep) {
      leave(records.pollFirstEntry().getValue());
    }
  }

  /** Attaches what became of a decision, unless its record is gone or has that. */
  synchronized void end(String id, Actual outcome) {
    DecisionRecord made = records.get(id);
    if (made != null && made.actual() == null) {
      DecisionRecord ended = made.ended(outcome);
      records.put(id, ended);
      complete.accept(ended);
    }
  }

  /** Tells of the records of requests that have not ended: no end of theirs will be seen. */
  public synchronized void close() {
    records.values().forEach(this::leave);
  }

  private void leave(DecisionRecord record) {
    if (record.actual() == null) {
      complete.accept(record);
    }
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
