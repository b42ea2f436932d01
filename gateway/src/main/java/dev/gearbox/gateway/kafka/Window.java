package dev.gearbox.gateway.kafka;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests that were fetched and wait: higher priority goes first, within it what is due
 * earliest, then what was put there earliest. Of requests with equal keys one is out at a time, in
 * the order of the log. Not thread-safe: its intake's thread owns it.
 *
 * <pre>
 *   resting   not before some time          (attempts put off)
 *   ready     by priority, due, age         (a key's first; all without a key)
 *   behind    by key, in order of the log   (whose key is out, or has one ready)
 * </pre>
 */
final class Window {
  private static final Comparator<Job> URGENT =
      Comparator.comparingInt((Job job) -> -job.priority())
          .thenComparingLong(job -> job.due)
          .thenComparingLong(job -> job.born)
          .thenComparingLong(job -> job.record.offset())
          .thenComparingInt(System::identityHashCode);

  private final TreeSet<Job> ready = new TreeSet<>(URGENT);
  private final PriorityQueue<Job> resting =
      new PriorityQueue<>(Comparator.comparingLong((Job job) -> job.notBefore));
  private final Map<ByteBuffer, Deque<Job>> behind = new HashMap<>();
  private final Set<ByteBuffer> out = new HashSet<>();
  private int size;
  private long bytes;

  int size() {
    return size;
  }

  long bytes() {
    return bytes;
  }

  void add(Job job) {
    count(job, 1);
    ByteBuffer key = job.key();
    if (key != null && !out.add(key)) {
      behind.computeIfAbsent(key, any -> new ArrayDeque<>()).add(job);
    } else {
      file(job);
    }
  }

  /** Puts one back whose key stays out: it goes on before those behind it. */
  void putOff(Job job, long notBefore) {
    job.notBefore = notBefore;
    count(job, 1);
    file(job);
  }

  private void file(Job job) {
    if (job.notBefore > 0) {
      resting.add(job);
    } else {
      ready.add(job);
    }
  }

  /** The most urgent that may begin at {@code now}; null when there is none. */
  @Nullable Job take(long now) {
    for (Job due = resting.peek(); due != null && due.notBefore <= now; due = resting.peek()) {
      resting.poll();
      ready.add(due);
    }
    Job next = ready.pollFirst();
    if (next != null) {
      count(next, -1);
    }
    return next;
  }

  /** Its request is answered: the next of its key may begin. */
  void finished(Job job) {
    ByteBuffer key = job.key();
    if (key == null) {
      return;
    }
    Deque<Job> next = behind.get(key);
    if (next == null) {
      out.remove(key);
    } else {
      file(next.removeFirst());
      if (next.isEmpty()) {
        behind.remove(key);
      }
    }
  }

  /** Takes out all that match, whose keys' next may then begin. */
  List<Job> remove(Predicate<Job> which) {
    List<Job> removed = new ArrayList<>();
    behind
        .values()
        .removeIf(jobs -> {
          jobs.removeIf(job -> which.test(job) && removed.add(job));
          return jobs.isEmpty();
        });
    List<Job> first = new ArrayList<>();
    ready.removeIf(job -> which.test(job) && first.add(job));
    resting.removeIf(job -> which.test(job) && first.add(job));
    first.forEach(this::finished);
    removed.addAll(first);
    removed.forEach(job -> count(job, -1));
    return removed;
  }

  private void count(Job job, int sign) {
    size += sign;
    bytes += sign * (long) job.bytes();
  }
}
