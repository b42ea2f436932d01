package dev.gearbox.remote;

import dev.gearbox.telemetry.record.StepRecord;
import java.util.function.Consumer;

/**
 * What the steps of a server seem to take, for the latency model: a prompt's time to its first
 * token as one step with that prefill, and the mean of some gaps between tokens as one step
 * without. Single gaps say nothing, because tokens travel in company.
 */
final class Paces {
  /** Tokens over which gaps are averaged. */
  private static final int WINDOW = 16;

  private static final int LEAST = 4;

  private final RemoteSpec spec;
  private final Consumer<StepRecord> told;

  Paces(RemoteSpec spec, Consumer<StepRecord> told) {
    this.spec = spec;
    this.told = told;
  }

  /** What the server had when a request came to it, and where its tokens stand. */
  static final class Watch {
    final int running;
    final long context;
    final boolean queued;
    int seen;
    int pauses;
    long since;

    Watch(int running, long context, boolean queued) {
      this.running = running;
      this.context = context;
      this.queued = queued;
    }
  }

  /** An answer has gone on; {@code last} when it ended. Called by one thread at a time. */
  void went(Watch watch, Answer answer, int running, long context, boolean last) {
    int tokens = answer.generated();
    if (watch.since == 0 || answer.pauses() != watch.pauses) {
      restart(watch, answer, tokens);
      return;
    }
    int gaps = tokens - watch.seen;
    long nanos = answer.lastNanos() - watch.since;
    if ((gaps >= WINDOW || (last && gaps >= LEAST)) && nanos > 0) {
      tell(Math.max(1, running), context, 0, 0, nanos / gaps, answer.lastNanos());
      restart(watch, answer, tokens);
    }
  }

  private static void restart(Watch watch, Answer answer, int tokens) {
    watch.seen = tokens;
    watch.pauses = answer.pauses();
    watch.since = answer.lastNanos();
  }

  /** An answer is complete: its prompt took as long as its first token. */
  void ended(Watch watch, Answer answer) {
    int fresh = answer.counts().prompt() - answer.counts().cached();
    long nanos = answer.firstNanos() - answer.launchedNanos();
    if (watch.queued || answer.firstNanos() == 0 || nanos <= 0 || answer.pauses() > 0) {
      return;
    }
    double attention = fresh * (answer.counts().cached() + fresh / 2.0);
    tell(watch.running, watch.context, fresh, attention, nanos, answer.firstNanos());
  }

  private void tell(
      int running, long context, int prefill, double attention, long nanos, long ended) {
    told.accept(
        new StepRecord(
            spec.engine(), spec.device(), running, context, prefill, attention, 0, nanos, ended));
  }
}
