package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.signal.SignalStore;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.hotspot.DefaultExports;
import org.jspecify.annotations.Nullable;

/** All meters of one process, on one registry. Counting is thread-safe and never blocks. */
public final class Meters {
  private final CollectorRegistry registry = new CollectorRegistry();
  private final EngineMeters engine;
  private final GatewayMeters gateway;
  private final PolicyMeters policy;
  private final RecordMeters records;
  private @Nullable KafkaMeters kafka;
  private final Exposition exposition = new Exposition(registry);

  /**
   * Registers every meter.
   *
   * @param labelValues distinct models, tenants and the like that get a series of their own
   */
  public Meters(int labelValues) {
    engine = new EngineMeters(registry, labelValues);
    gateway = new GatewayMeters(registry, labelValues);
    policy = new PolicyMeters(registry, labelValues);
    records = new RecordMeters(registry);
  }

  /** Counts what {@code store} hears and shows its signals when scraped. */
  public void observe(SignalStore store) {
    store.onStep(engine::step);
    store.onFinished(engine::finished);
    store.onFinished(gateway::finished);
    registry.register(new SignalCollector(store));
  }

  /** Adds the metrics of the Java process. */
  public void observeProcess() {
    DefaultExports.register(registry);
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

  /** Registered when it is first asked for: who has no Kafka has no series of it. */
  public synchronized KafkaMeters kafka() {
    KafkaMeters known = kafka;
    if (known == null) {
      known = new KafkaMeters(registry);
      kafka = known;
    }
    return known;
  }

  public Exposition exposition() {
    return exposition;
  }
}
