package dev.gearbox.gateway.kafka;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The partitions that this gateway reads, and how far it is. Not thread-safe. */
final class Partitions {
  private final Map<TopicPartition, Progress> progress = new HashMap<>();
  private final Map<TopicPartition, Long> lags = new HashMap<>();

  /** Assigned, but not yet known how far their last reader came. */
  private final Set<TopicPartition> fresh = new HashSet<>();

  void assigned(Collection<TopicPartition> some) {
    fresh.addAll(some);
  }

  Set<TopicPartition> fresh() {
    return Set.copyOf(fresh);
  }

  void begin(TopicPartition partition, Progress at) {
    fresh.remove(partition);
    progress.put(partition, at);
  }

  void gone(Collection<TopicPartition> some) {
    fresh.removeAll(some);
    some.forEach(progress::remove);
    some.forEach(lags::remove);
  }

  @Nullable Progress of(TopicPartition partition) {
    return progress.get(partition);
  }

  boolean has(TopicPartition partition) {
    return progress.containsKey(partition);
  }

  Set<TopicPartition> all() {
    return progress.keySet();
  }

  boolean stretched() {
    return progress.values().stream().anyMatch(each -> each.span() >= Progress.MAX_SPAN / 2);
  }

  void lag(TopicPartition partition, long records) {
    lags.put(partition, records);
  }

  /** Records of all of them that are not finished, as of the last look. */
  long lag() {
    long records = 0;
    for (long each : lags.values()) {
      records += each;
    }
    return records;
  }

  /** What to commit of these. */
  Map<TopicPartition, OffsetAndMetadata> commits(Collection<TopicPartition> some) {
    Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
    for (TopicPartition each : some) {
      Progress at = progress.get(each);
      if (at != null) {
        commits.put(each, new OffsetAndMetadata(at.offset(), at.metadata()));
      }
    }
    return commits;
  }
}
