package dev.gearbox.gateway;

import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.policy.predict.StepPrior;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.LatencyLedger;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * What {@code gearbox calibrate} measured of the engines that this machine's processor will run: a
 * better first guess than one by their size.
 */
record MeasuredSteps(Configuration configuration, Path folder) {
  private static final System.Logger LOG = System.getLogger(MeasuredSteps.class.getName());

  /**
   * Tells of each engine that was measured, and logs of each that was but is stale.
   *
   * @param told takes the engine's id
   * @throws IOException when what was measured cannot be read
   */
  void tell(BiConsumer<String, StepPrior> told) throws IOException {
    LatencyLedger ledger = LatencyLedger.load(folder);
    for (PoolConfig pool : configuration.gearbox().pools()) {
      if (pool.device() == PoolConfig.Device.CPU_SIMD) {
        for (String variant : pool.variants()) {
          String engine = pool.name() + "/" + variant;
          configuration
              .catalog()
              .find(variant)
              .flatMap(entry -> steps(ledger, entry, engine, pool.threadsOrCores()))
              .ifPresent(steps -> told.accept(engine, steps));
        }
      }
    }
  }

  private static Optional<StepPrior> steps(
      LatencyLedger ledger, CatalogEntry entry, String engine, int threads) {
    Optional<StepPrior> found =
        ledger
            .find(entry.sha256(), threads)
            .map(profile ->
                StepPrior.fitted(profile.steps().stream().map(LatencyLedger.Step::told).toList()));
    found.ifPresent(prior ->
        LOG.log(
            System.Logger.Level.INFO,
            "event=calibration_read engine={0} threads={1} step_ms={2} prefill_ms={3}",
            engine,
            threads,
            milliseconds(prior.step() + prior.sequence()),
            milliseconds(prior.prefill())));
    ledger
        .staleness(entry.name(), entry.sha256(), threads)
        .ifPresent(why ->
            LOG.log(
                System.Logger.Level.WARNING,
                "event=calibration_stale engine={0}: {1}; steps are guessed, run gearbox calibrate",
                engine,
                why));
    return found;
  }

  private static String milliseconds(double seconds) {
    return String.format(Locale.ROOT, "%.3f", 1e3 * seconds);
  }
}
