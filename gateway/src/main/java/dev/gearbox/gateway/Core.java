package dev.gearbox.gateway;

import dev.gearbox.gateway.rules.LiveRules;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.telemetry.signal.SignalStore;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;

/**
 * What a decision needs and what it teaches: signals, meters and the policy, wired to each other.
 */
record Core(
    LongSupplier clock,
    SignalStore signals,
    Meters meters,
    GearboxPolicy policy,
    DecisionLog decisions,
    LiveRules rules,
    ExecutorService listeners)
    implements AutoCloseable {
  private static final int LABEL_VALUES = 200;

  static Core start(
      LongSupplier clock, Rules rules, ChoiceOptions options, int keepDecisions, long seed) {
    ExecutorService listeners =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("gearbox-telemetry").factory());
    SignalStore signals = new SignalStore(clock, listeners);
    Meters meters = new Meters(LABEL_VALUES);
    DecisionLog decisions = new DecisionLog(keepDecisions);
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
    signals.onFinished(policy::complete);
    LiveRules live = new LiveRules(policy, InstantSource.system(), meters.policy()::reloadFailed);
    return new Core(clock, signals, meters, policy, decisions, live, listeners);
  }

  @Override
  public void close() {
    rules.close();
    listeners.shutdown();
  }
}
