package dev.gearbox.gateway;

import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.admission.SharedLimits;
import dev.gearbox.gateway.admission.TenantLimits;
import dev.gearbox.gateway.api.ServiceClasses;
import dev.gearbox.gateway.config.BatchConfig;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.config.PolicyConfig;
import dev.gearbox.gateway.dispatch.Care;
import dev.gearbox.gateway.dispatch.Discovery;
import dev.gearbox.gateway.dispatch.LoraAdapters;
import dev.gearbox.gateway.dispatch.ModelCatalog;
import dev.gearbox.gateway.dispatch.VariantInfo;
import dev.gearbox.gateway.quality.Yardstick;
import dev.gearbox.gateway.security.Security;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to serve and where, in the terms of the parts.
 *
 * @param host address to listen on
 * @param port of the API; 0 takes a free one
 * @param adminPort of metrics and administration; 0 takes a free one
 * @param maxBody bytes of a request's body at most
 * @param catalog the names that {@code model} takes
 * @param engines to bring up
 * @param adapters to bring up beside them
 * @param qualities what adapters were measured to be worth
 * @param classes of requests
 * @param security who may ask; closed with the server
 * @param limits how much may be in the house at once
 * @param tenants what each may use, by name
 * @param shared what they have used over all gateways, closed with the server; null for this one's
 * @param encoderThreads threads that turn prompts into tokens
 * @param cares what is done for slow requests, by class
 * @param groups servers that come and go behind a name
 * @param publicMetrics whether the API's port has metrics too
 * @param batches where files of requests are kept
 * @param batchKeys file of the keys that seal them; null for files as they are
 * @param audit which answers are compared with what the reference makes of them
 * @param yardsticks what variants are held against there, by name
 * @param kafka where else requests come from; null for nowhere
 * @param settings what holds, and where it comes from
 */
record ServerPlan(
    String host,
    int port,
    int adminPort,
    int maxBody,
    ModelCatalog catalog,
    List<Planned> engines,
    List<LoraAdapters.Planned> adapters,
    LoraAdapters.Qualities qualities,
    ServiceClasses classes,
    Security security,
    AdmissionLimits limits,
    Map<String, TenantLimits> tenants,
    @Nullable SharedLimits shared,
    int encoderThreads,
    Map<String, Care> cares,
    List<Discovery.Group> groups,
    boolean publicMetrics,
    BatchConfig batches,
    @Nullable Path batchKeys,
    PolicyConfig.Audit audit,
    Map<String, Yardstick> yardsticks,
    @Nullable KafkaConfig kafka,
    List<Configuration.Held> settings) {

  /** One engine to bring up. */
  record Planned(String id, String pool, VariantInfo variant, String device) {}
}
