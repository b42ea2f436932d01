package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.signal.SignalStore;
import dev.gearbox.telemetry.trace.Traces;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Gauge;
import io.prometheus.client.exemplars.ExemplarConfig;
import io.prometheus.client.hotspot.BufferPoolsExports;
import io.prometheus.client.hotspot.GarbageCollectorExports;
import io.prometheus.client.hotspot.MemoryAllocationExports;
import io.prometheus.client.hotspot.MemoryPoolsExports;
import io.prometheus.client.hotspot.StandardExports;
import io.prometheus.client.hotspot.VersionInfoExports;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** All meters of one process, on one registry. Counting is thread-safe and never blocks. */
public final class Meters {
  private static final Path POWERCAP = Path.of("/sys/class/powercap");

  private final int labelValues;
  private final CollectorRegistry registry = new CollectorRegistry();
  private final EngineMeters engine;
  private final GatewayMeters gateway;
  private final PolicyMeters policy;
  private final RecordMeters records;
  private final BatchMeters batches;
  private @Nullable KafkaMeters kafka;
  private @Nullable AuditMeters audits;
  private final Exposition exposition = new Exposition(registry);

  /**
   * Registers every meter.
   *
   * @param labelValues distinct models, tenants and the like that get a series of their own
   */
  public Meters(int labelValues) {
    ExemplarConfig.disableExemplars(); // of the SDK's current span, which nobody sets
    this.labelValues = labelValues;
    engine = new EngineMeters(registry, labelValues);
    gateway = new GatewayMeters(registry, labelValues);
    policy = new PolicyMeters(registry, labelValues);
    records = new RecordMeters(registry);
    batches = new BatchMeters(registry);
  }

  /** Counts what {@code store} hears and shows its signals when scraped. */
  public void observe(SignalStore store) {
    store.onStep(engine::step);
    store.onFinished(engine::finished);
    store.onFinished(gateway::finished);
    registry.register(new SignalCollector(store));
  }

  /**
   * Counts the energy of what {@code store} hears.
   *
   * @param watts that a device of this machine draws while it computes, by its id; NaN for one
   *     whose energy is not this machine's
   */
  public void observeEnergy(SignalStore store, LongSupplier clock, ToDoubleFunction<String> watts) {
    observeEnergy(store, clock, watts, POWERCAP);
  }

  void observeEnergy(
      SignalStore store, LongSupplier clock, ToDoubleFunction<String> watts, Path powercap) {
    EnergyMeters energy = new EnergyMeters(registry, labelValues, clock, new Rapl(powercap), watts);
    store.onStep(energy::step);
  }

  /** Shows what {@code traces} lost. */
  public void observe(Traces traces) {
    registry.register(new TraceCollector(traces));
  }

  /**
   * Adds the metrics of the Java process. Those of threads are left out: they look for deadlocks,
   * for which all threads must stop.
   */
  public void observeProcess() {
    new StandardExports().register(registry);
    new MemoryPoolsExports().register(registry);
    new MemoryAllocationExports().register(registry);
    new BufferPoolsExports().register(registry);
    new GarbageCollectorExports().register(registry);
    new VersionInfoExports().register(registry);
    Gauge.build(MetricNames.THREADS, "Threads of the process.")
        .create()
        .setChild(
            new Gauge.Child() {
              @Override
              public double get() {
                return ManagementFactory.getThreadMXBean().getThreadCount();
              }
            })
        .register(registry);
  }

  public GatewayMeters gateway() {
    return gateway;
  }

  public PolicyMeters policy() {
    return policy;
  }

  public RecordMeters records() {
    return records;
  }

  public BatchMeters batches() {
    return batches;
  }

  /** Registered when it is first asked for: who has no Kafka has no series of it. */
  public synchronized KafkaMeters kafka() {
    KafkaMeters known = kafka;
    if (known == null) {
      known = new KafkaMeters(registry);
      kafka = known;
    }
    return known;
  }

  /** Registered when it is first asked for, as those of Kafka are. */
  public synchronized AuditMeters audits() {
    AuditMeters known = audits;
    if (known == null) {
      known = new AuditMeters(registry, labelValues);
      audits = known;
    }
    return known;
  }

  public Exposition exposition() {
    return exposition;
  }
}
