package dev.gearbox.remote;

import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.remote.dialect.MetricsPage;
import dev.gearbox.remote.dialect.ServerSignals;
import dev.gearbox.remote.wire.ServerClient;
import dev.gearbox.remote.wire.WireException;
import dev.gearbox.telemetry.record.EngineCounters;
import java.net.URI;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Looks at a server again and again: whether it answers, and what its metrics say. Signals that
 * could not be read anew grow old, and whoever reads them sees how old. Thread-safe.
 */
final class ServerWatch {
  private static final int MAX_PAGE = 8 << 20;

  private final RemoteSpec spec;
  private final ServerClient client;
  private final Breaker breaker;
  private final IntSupplier own;
  private final LongSupplier clock;
  private final @Nullable URI metrics;
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile Seen seen;
  private volatile long heardNanos;
  private volatile int sentBefore;

  /**
   * What was read last.
   *
   * @param others requests that somebody else sent
   * @param waiting those of them that wait
   * @param nanos when
   */
  record Seen(ServerSignals signals, int others, int waiting, long nanos) {}

  ServerWatch(
      RemoteSpec spec, ServerClient client, Breaker breaker, IntSupplier own, LongSupplier clock) {
    this.spec = spec;
    this.client = client;
    this.breaker = breaker;
    this.own = own;
    this.clock = clock;
    this.metrics = metrics(spec);
    this.heardNanos = clock.getAsLong();
    this.seen = new Seen(ServerSignals.UNKNOWN, 0, 0, heardNanos);
  }

  private static @Nullable URI metrics(RemoteSpec spec) {
    String path = spec.dialect().metricsPath();
    if (spec.metrics() != null || path == null) {
      return spec.metrics();
    }
    return RemoteSpec.metricsAt(spec.endpoint(), path);
  }

  /** Looks, unless a look is under way. */
  void look() {
    if (!looking.compareAndSet(false, true)) {
      return;
    }
    var longest = spec.patience().connect();
    var _ =
        client
            .page(client.at(spec.dialect().healthPath()), longest, MAX_PAGE)
            .doOnSuccess(page -> answered())
            .then(Mono.defer(this::readMetrics))
            .doFinally(signal -> looking.set(false))
            .subscribe(page -> {}, this::missed);
  }

  private void answered() {
    heardNanos = clock.getAsLong();
    breaker.seen();
  }

  private Mono<byte[]> readMetrics() {
    URI page = metrics;
    if (page == null) {
      return Mono.empty();
    }
    // What ended since the look before may still be in the page.
    int before = Math.max(sentBefore, own.getAsInt());
    sentBefore = own.getAsInt();
    return client
        .page(page, spec.patience().connect(), MAX_PAGE)
        .doOnNext(text -> read(text, Math.max(before, own.getAsInt())))
        // A server that takes requests and hides its metrics is not gone; what it said grows old.
        .onErrorComplete(WireException.class);
  }

  private void read(byte[] page, int sent) {
    Dialect dialect = spec.dialect();
    ServerSignals signals =
        dialect.signals(MetricsPage.parse(page, dialect::reads), spec.servedAs());
    int others = Math.max(0, signals.requests() - sent);
    int waiting = Math.min(others, ServerSignals.whole(signals.waiting()));
    seen = new Seen(signals, others, waiting, clock.getAsLong());
  }

  private void missed(Throwable e) {
    breaker.missed(e instanceof WireException wire && ServerClient.isRefused(wire));
  }

  Seen seen() {
    return seen;
  }

  /** What the server counted of its prefix cache. */
  EngineCounters counters() {
    ServerSignals signals = seen.signals();
    long queries = (long) Math.max(0, signals.prefixQueries());
    long hits = (long) Math.max(0, signals.prefixHits());
    return new EngineCounters(0, 0, queries, hits, 0, 0, 0, 0);
  }

  /**
   * When what is known was known: of a server with metrics when they were read, of another when it
   * answered. Being read in turns is no age.
   */
  long heardNanos() {
    long now = clock.getAsLong();
    long known = metrics == null ? heardNanos : seen.nanos();
    return Math.min(now, known + 2 * spec.patience().probe().toNanos());
  }
}
