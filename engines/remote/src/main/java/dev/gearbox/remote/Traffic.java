package dev.gearbox.remote;

import dev.gearbox.engine.GenerationRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The requests that a server was given, and those that wait for it here. Thread-safe: everything
 * changes under one lock, under which nobody but the breaker is asked.
 */
final class Traffic {
  /** By turn, then by arrival. */
  private final List<RemoteGeneration> waiting = new ArrayList<>();

  private final Map<RemoteGeneration, Paces.Watch> running = new LinkedHashMap<>();
  private boolean draining;
  private boolean closed;

  /** What becomes of a request that comes. */
  enum Entry {
    GOES,
    WAITS,
    FULL,
    DRAINING,
    CLOSED
  }

  /**
   * How much there is.
   *
   * @param running requests that the server has
   * @param waiting requests that wait here
   * @param prefillTokens prompt tokens of which no answer is seen yet
   * @param contextTokens tokens of those that run
   */
  record Load(
      int running,
      int waiting,
      long prefillTokens,
      long contextTokens,
      boolean draining,
      boolean closed) {}

  /**
   * Lets a request in.
   *
   * @param credit requests that the server may have
   * @param queue requests that may wait
   * @param permit asks the breaker, which is told later what became of it
   * @param seen what others sent
   */
  synchronized Entry enter(
      RemoteGeneration generation,
      int credit,
      int queue,
      BooleanSupplier permit,
      ServerWatch.Seen seen) {
    if (closed) {
      return Entry.CLOSED;
    }
    if (draining) {
      return Entry.DRAINING;
    }
    if (running.size() < credit && permit.getAsBoolean()) {
      run(generation, seen);
      return Entry.GOES;
    }
    if (waiting.size() < queue) {
      queue(generation);
      return Entry.WAITS;
    }
    return Entry.FULL;
  }

  private void queue(RemoteGeneration generation) {
    int place = waiting.size();
    while (place > 0 && turn(generation, waiting.get(place - 1)) < 0) {
      place--;
    }
    waiting.add(place, generation);
  }

  private static int turn(RemoteGeneration a, RemoteGeneration b) {
    return GenerationRequest.TURN.compare(a.request(), b.request());
  }

  /** The next that waits, which goes now; null when none may. */
  synchronized @Nullable RemoteGeneration next(
      int credit, BooleanSupplier permit, ServerWatch.Seen seen) {
    if (waiting.isEmpty() || closed || running.size() >= credit || !permit.getAsBoolean()) {
      return null;
    }
    RemoteGeneration next = waiting.removeFirst();
    run(next, seen);
    return next;
  }

  private void run(RemoteGeneration generation, ServerWatch.Seen seen) {
    int there = running.size() + seen.others() - seen.waiting();
    running.put(generation, new Paces.Watch(there, context(), seen.waiting() > 0));
  }

  /** It runs and waits no longer; null when it did not run. */
  synchronized Paces.@Nullable Watch leave(RemoteGeneration generation) {
    waiting.remove(generation);
    return running.remove(generation);
  }

  synchronized Paces.@Nullable Watch watch(RemoteGeneration generation) {
    return running.get(generation);
  }

  synchronized List<RemoteGeneration> running() {
    return List.copyOf(running.keySet());
  }

  synchronized List<RemoteGeneration> waiting() {
    return List.copyOf(waiting);
  }

  synchronized Load load() {
    long prefill = 0;
    for (RemoteGeneration each : running.keySet()) {
      prefill += each.answer().begun() ? 0 : each.answer().promptTokens();
    }
    for (RemoteGeneration each : waiting) {
      prefill += each.answer().promptTokens();
    }
    return new Load(running.size(), waiting.size(), prefill, context(), draining, closed);
  }

  private long context() {
    long tokens = 0;
    for (RemoteGeneration each : running.keySet()) {
      tokens += each.answer().promptTokens() + each.answer().generated();
    }
    return tokens;
  }

  synchronized void drain() {
    draining = true;
  }

  /** Closes; what was left, which is nobody's any more. Empty when it was closed before. */
  synchronized List<RemoteGeneration> close() {
    List<RemoteGeneration> left = new ArrayList<>(running.keySet());
    left.addAll(waiting);
    running.clear();
    waiting.clear();
    closed = true;
    return left;
  }
}
