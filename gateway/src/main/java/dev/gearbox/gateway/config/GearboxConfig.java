package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The platform as configured. Names in it are known to exist: every variant is in the catalog,
 * every class that a tenant has is defined, every variant of a model has one pool.
 */
public record GearboxConfig(
    @Setting("Where it listens") ServerConfig server,
    @Setting("What clients name in 'model', and the variants that may answer for it")
        List<ModelConfig> models,
    @Setting("Catalog files beside the built-in catalog, as file:PATH") List<String> catalog,
    @Setting("Which variants run on what") List<PoolConfig> pools,
    @Setting("Named sets of targets") List<ClassConfig> classes,
    @Setting("Who may ask; without tenants only loopback may") List<TenantConfig> tenants,
    @Setting("How decisions are made and kept") PolicyConfig policy,
    @Setting("Who gets in and what is written down") SecurityConfig security,
    @Setting("What is told of requests, and to whom") TelemetryConfig telemetry,
    @Setting("Files of many requests") BatchConfig batches,
    @Setting(value = "Requests that arrive as Kafka records; none when absent", optional = true)
        @Nullable KafkaConfig kafka) {
  public GearboxConfig {
    models = List.copyOf(models);
    catalog = List.copyOf(catalog);
    pools = List.copyOf(pools);
    classes = List.copyOf(classes);
    tenants = List.copyOf(tenants);
  }
}
