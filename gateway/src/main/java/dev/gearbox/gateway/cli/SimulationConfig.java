package dev.gearbox.gateway.cli;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.simulate.EngineProfile;
import dev.gearbox.policy.simulate.Fleet;
import dev.gearbox.policy.simulate.Simulation;
import dev.gearbox.policy.simulate.StepProfile;
import dev.gearbox.policy.simulate.Traffic;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import dev.gearbox.workshop.settings.Setting;
import dev.gearbox.workshop.settings.SettingsReader;
import dev.gearbox.workshop.settings.SettingsReader.Text;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What to simulate, as it is written under {@code simulation:}. */
record SimulationConfig(
    @Setting("Name of the model that is asked for") String model,
    @Setting(value = "What clients ask for at most", byDefault = "256", min = 1, max = 1e6)
        int maxTokens,
    @Setting(
            value = "Devices in a cell, each with all engines",
            byDefault = "1",
            min = 1,
            max = 1e5)
        int devices,
    @Setting(
            value = "Cells that know nothing of each other and share the traffic",
            byDefault = "1",
            min = 1,
            max = 1e5)
        int cells,
    @Setting(value = "Gateways in a cell", byDefault = "1", min = 1, max = 1000) int gateways,
    @Setting(value = "Between two looks at the engines", byDefault = "2ms", min = 0, max = 60)
        Duration signalAge,
    @Setting("Engines of a device") List<EngineConfig> engines,
    @Setting("Classes and their shares of the requests") List<ShareConfig> classes,
    @Setting("Devices that are lost on the way") List<LossConfig> losses,
    @Setting("How requests come") TrafficConfig traffic) {
  private static final String PREFIX = "simulation";

  /** An engine; times in milliseconds. */
  record EngineConfig(
      @Setting("Its pool") String pool,
      @Setting("Its variant") String variant,
      @Setting(value = "Measured quality", min = 0, max = 2) double quality,
      @Setting(value = "Bytes that a step reads, for the first guess", min = 1, max = 1e15)
          long parameterBytes,
      @Setting(value = "Of prompt and answer", byDefault = "4096", min = 2, max = 1e8)
          int maxContext,
      @Setting(value = "Milliseconds of every step", min = 1e-6, max = 1e6) double stepMs,
      @Setting(value = "Of a decoding sequence", byDefault = "0", min = 0, max = 1e6)
          double sequenceMs,
      @Setting(value = "Of a thousand tokens of context", byDefault = "0", min = 0, max = 1e6)
          double contextMs,
      @Setting(value = "Of a prompt token", byDefault = "0", min = 0, max = 1e6) double prefillMs,
      @Setting(value = "Of a million pairs of prompt tokens", byDefault = "0", min = 0, max = 1e6)
          double pairsMs,
      @Setting(value = "Spread of the logarithm", byDefault = "0", min = 0, max = 2) double noise,
      @Setting("Where the figures come from") String source,
      @Setting(value = "Sequences in a batch", byDefault = "32", min = 1, max = 1e5)
          int maxSequences,
      @Setting(value = "Tokens in a step", byDefault = "512", min = 1, max = 1e6) int maxStepTokens,
      @Setting(value = "Blocks of 16 tokens", byDefault = "4096", min = 1, max = 1e8) int kvBlocks,
      @Setting(value = "Requests that may wait", byDefault = "256", min = 0, max = 1e6)
          int queueLimit) {
    EngineProfile profile() {
      VariantFacts facts =
          new VariantFacts(
              variant, Set.of(), quality, maxContext, Set.of(Feature.CHAT), parameterBytes, 0);
      StepProfile steps =
          new StepProfile(
              stepMs / 1e3,
              sequenceMs / 1e3,
              contextMs / 1e3,
              prefillMs / 1e3,
              pairsMs / 1e3,
              noise,
              source);
      return new EngineProfile(
          pool, facts, steps, maxSequences, maxStepTokens, kvBlocks, queueLimit);
    }
  }

  /** A class and its share. */
  record ShareConfig(
      @Setting(value = "Share of the requests", min = 1e-6, max = 1e6) double share,
      @Setting("The class") ClassConfig service) {}

  /** A loss. */
  record LossConfig(
      @Setting(value = "Number of the device in its cell, from 0", min = 0, max = 1e5) int device,
      @Setting(value = "After the start", min = 0, max = 1e9) Duration after) {}

  /** How requests come; lengths of a trace are scaled, others are drawn. */
  record TrafficConfig(
      @Setting("Requests per second, one or more") List<Double> rates,
      @Setting(value = "Coefficient of variation of the gaps", byDefault = "1", min = 0.1, max = 20)
          double burstiness,
      @Setting(value = "Of prompts", byDefault = "96", min = 1, max = 1e6) int promptMedian,
      @Setting(value = "Of the logarithm", byDefault = "0.7", min = 0, max = 3) double promptSpread,
      @Setting(value = "Of answers", byDefault = "32", min = 1, max = 1e6) int outputMedian,
      @Setting(value = "Of the logarithm", byDefault = "0.6", min = 0, max = 3) double outputSpread,
      @Setting(value = "Tokens of a prompt", byDefault = "2048", min = 1, max = 1e6) int maxPrompt,
      @Setting(value = "Tokens of an answer", byDefault = "256", min = 1, max = 1e6)
          int maxOutput) {}

  /** Reads a file, or what comes with Gearbox. */
  static SimulationConfig load(@Nullable Path file) throws IOException, InvalidSettingsException {
    return load(file, Map.of());
  }

  /**
   * The same with other settings.
   *
   * @param over settings that take the place of those there, by their keys
   */
  static SimulationConfig load(@Nullable Path file, Map<String, String> over)
      throws IOException, InvalidSettingsException {
    List<Text> texts = new ArrayList<>();
    texts.add(file == null ? builtIn() : new Text(file.toString(), Files.readString(file)));
    over.forEach((key, value) ->
        texts.add(new Text("--" + key, "%s: {%s: %s}".formatted(PREFIX, key, value))));
    SettingsReader reader = new SettingsReader();
    SimulationConfig read = reader.read(SimulationConfig.class, PREFIX, texts, Map.of());
    if (read != null) {
      if (read.engines.isEmpty() || read.classes.isEmpty()) {
        reader.problem(read, "engines", "needs engines, and classes");
      }
      if (read.traffic.rates.stream().anyMatch(rate -> !(rate > 0))
          || read.traffic.rates.isEmpty()) {
        reader.problem(read.traffic, "rates", "needs rates above 0");
      }
    }
    reader.finish();
    if (read == null) {
      throw new IllegalStateException("a simulation without problems that cannot be read");
    }
    return read;
  }

  private static Text builtIn() throws IOException {
    String name = "slo-simulated.yaml";
    try (InputStream in = SimulationConfig.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new Text(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** Classes and traffic of what comes with Gearbox, as they are written. */
  static String builtInTraffic() throws IOException {
    String text = builtIn().content();
    return text.substring(text.indexOf("  classes:"));
  }

  /** One cell. */
  Simulation simulation() {
    List<EngineProfile> device = engines.stream().map(EngineConfig::profile).toList();
    List<Simulation.Loss> lost =
        losses.stream().map(each -> new Simulation.Loss(each.device, each.after)).toList();
    Fleet fleet = new Fleet(model, Collections.nCopies(devices, device));
    return new Simulation(fleet, maxTokens, gateways, signalAge, lost);
  }

  Traffic traffic(double promptScale, double outputScale) {
    return new Traffic(
        classes.stream()
            .map(each -> new Traffic.Share(each.service.toServiceClass(), each.share))
            .toList(),
        new Traffic.Lengths(promptScale, outputScale, traffic.maxPrompt, traffic.maxOutput));
  }

  Traffic.Synthetic synthetic() {
    return new Traffic.Synthetic(
        traffic.promptMedian, traffic.promptSpread, traffic.outputMedian, traffic.outputSpread);
  }
}
