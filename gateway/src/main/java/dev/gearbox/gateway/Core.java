package dev.gearbox.gateway;

import dev.gearbox.gateway.config.PolicyConfig;
import dev.gearbox.gateway.config.TelemetryConfig;
import dev.gearbox.gateway.records.RecordStore;
import dev.gearbox.gateway.rules.LiveRules;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.decide.Shadows;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.telemetry.signal.Feed;
import dev.gearbox.telemetry.signal.SignalStore;
import dev.gearbox.telemetry.trace.OtlpTraces;
import dev.gearbox.telemetry.trace.Traces;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a decision needs and what it teaches: signals, meters and the policy, wired to each other.
 */
record Core(
    LongSupplier clock,
    SignalStore signals,
    Meters meters,
    GearboxPolicy policy,
    DecisionLog decisions,
    @Nullable RecordStore records,
    Shadows shadows,
    LiveRules rules,
    Traces traces,
    Feed<DecisionRecord> decided,
    ExecutorService listeners,
    ExecutorService watchers)
    implements AutoCloseable {
  private static final int SHADOWED = 1024;

  /** What counts, learns and compares may be this late, which is less than a step. */
  private static final Duration GATHERING = Duration.ofMillis(5);

  static Core start(
      LongSupplier clock,
      Rules rules,
      ChoiceOptions options,
      PolicyConfig.Records kept,
      TelemetryConfig telemetry,
      long seed)
      throws IOException {
    Meters meters = new Meters(telemetry.labelValues());
    String directory = kept.directory();
    RecordStore records =
        directory == null
            ? null
            : new RecordStore(Path.of(directory), kept.maxBytes().bytes(), meters.records());
    DecisionLog decisions =
        records == null
            ? new DecisionLog(kept.keep())
            : new DecisionLog(kept.keep(), records::keep);
    ScheduledExecutorService listeners =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("gearbox-telemetry").factory());
    SignalStore signals = new SignalStore(clock, Feed.gathering(listeners, GATHERING));
    GearboxPolicy policy =
        new GearboxPolicy(
            rules,
            options,
            new LatencyModel(DevicePrior.CPU),
            decisions,
            meters.policy(),
            clock,
            InstantSource.system(),
            seed);
    meters.observe(signals);
    signals.onStep(policy::step);
    signals.onPace(policy::step);
    signals.onFinished(policy::complete);
    Traces traces = traces(telemetry.traces(), clock, decisions);
    meters.observe(traces);
    signals.onFinished(traces::ended);
    ScheduledExecutorService watchers =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("gearbox-shadows").factory());
    Shadows shadows = new Shadows(meters.policy());
    Feed<DecisionRecord> decided = new Feed<>(SHADOWED, Feed.gathering(watchers, GATHERING));
    decided.listen(shadows::look);
    policy.observe(decided::publish);
    shadows.start(policy.otherPrice());
    LiveRules live =
        new LiveRules(policy, shadows, InstantSource.system(), meters.policy()::reloadFailed);
    return new Core(
        clock, signals, meters, policy, decisions, records, shadows, live, traces, decided,
        listeners, watchers);
  }

  private static Traces traces(
      TelemetryConfig.TracesConfig config, LongSupplier clock, DecisionLog decisions) {
    String collector = config.otlp();
    return collector == null
        ? Traces.OFF
        : new OtlpTraces(
            URI.create(collector),
            config.sample(),
            config.patience(),
            clock,
            new DecisionNotes(decisions));
  }

  @Override
  public void close() {
    rules.close();
    watchers.shutdownNow();
    listeners.shutdown();
    try {
      // What ended last is still to be attached to its decision.
      var _ = listeners.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    traces.close();
    decisions.close();
    if (records != null) {
      records.close();
    }
  }
}
