package dev.gearbox.gateway.scenario;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Revoked;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One scenario as it is written: facts, and what the rules shall make of them. Absent is null.
 *
 * @param name what it shows
 * @param tags to select it by
 */
public record Scenario(String name, @Nullable List<String> tags, Given given, Expect expect) {

  /** The facts; candidates may stand in a file of their own. */
  public record Given(
      @Nullable Request request, @Nullable String signals, @Nullable List<Engine> candidates) {}

  /** A request; what it does not say comes from its class. */
  public record Request(
      @Nullable String model,
      @Nullable String tenant,
      @JsonProperty("class") @Nullable String serviceClass,
      @Nullable Integer priority,
      @Nullable Integer promptTokens,
      @Nullable Integer maxTokens,
      @Nullable Boolean streaming,
      @Nullable List<Feature> needs,
      @Nullable Asked targets,
      @Nullable Map<String, Double> standing) {}

  /** Targets. */
  public record Asked(
      @Nullable Duration ttft,
      @Nullable Duration tpot,
      @Nullable Duration deadline,
      @Nullable Double throughput,
      @Nullable Double quality,
      @Nullable Double cost) {}

  /** A candidate; {@code engine} is POOL/VARIANT unless both are said. */
  public record Engine(
      String engine,
      @Nullable String variant,
      @Nullable String pool,
      @Nullable String device,
      @Nullable State state,
      @Nullable Duration signalAge,
      @Nullable Double quality,
      @Nullable List<String> techniques,
      @Nullable List<Feature> features,
      @Nullable Integer maxContext,
      @Nullable Integer promptTokens,
      @Nullable Integer cachedTokens,
      @Nullable Integer expectedTokens,
      @Nullable Integer running,
      @Nullable Integer waiting,
      @Nullable Integer maxSequences,
      @Nullable Double kvUsage,
      @Nullable Double cost,
      @Nullable Boolean open,
      @Nullable Duration ttft,
      @Nullable Duration tpot,
      @Nullable Double meets,
      @Nullable Double meetsIfUnknown,
      @Nullable Duration work,
      @Nullable Double damage,
      @Nullable Double price,
      @Nullable Revoked revoked) {}

  /** What shall come out; what is not said is not held against it. */
  public record Expect(
      @Nullable String variant,
      @Nullable String engine,
      @Nullable String pool,
      @Nullable Lane lane,
      @Nullable String refused,
      @Nullable Integer maxTokens,
      @Nullable Boolean relegated,
      @Nullable List<String> fired,
      @JsonAlias("notFired") @Nullable List<String> notFired,
      @Nullable Map<String, String> excluded) {}
}
