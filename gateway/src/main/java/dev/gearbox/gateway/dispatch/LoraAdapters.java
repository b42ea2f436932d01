package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.runtime.AdapterHost;
import dev.gearbox.runtime.AdapterSpec;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import dev.gearbox.workshop.AdapterFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The adapters beside the engines that run: those configured come up behind their bases, others are
 * loaded and unloaded by name while requests run. To everybody else an adapter is one more variant
 * with one more engine. Thread-safe; loading blocks while a file is read.
 */
public final class LoraAdapters {
  private static final System.Logger LOG = System.getLogger(LoraAdapters.class.getName());
  private static final Set<String> TECHNIQUES = Set.of("adapter");

  private final EngineRegistry registry;
  private final List<Planned> planned;
  private final Qualities qualities;

  /**
   * An adapter that is configured.
   *
   * @param pool pool of its base
   * @param base variant that it adds to
   */
  public record Planned(String name, String pool, String base, AdapterFile file) {
    String engine() {
      return EngineNames.adapter(pool + "/" + base, name);
    }
  }

  /** What adapters were measured to be worth. */
  @FunctionalInterface
  public interface Qualities {
    /** Quality of an adapter on a variant; null when it was never measured. */
    @Nullable Double of(String base, AdapterFile file) throws IOException;
  }

  public LoraAdapters(EngineRegistry registry, List<Planned> planned, Qualities qualities) {
    this.registry = registry;
    this.planned = List.copyOf(planned);
    this.qualities = qualities;
  }

  /** Makes those configured known, so that requests for them wait. */
  public void declare() {
    for (Planned each : planned) {
      registry.catalog().add(each.name());
      EngineSlot base = registry.find(each.pool() + "/" + each.base());
      if (base != null) {
        declare(each.engine(), each.name(), base, null);
      }
    }
  }

  private void declare(String id, String name, EngineSlot base, @Nullable Double quality) {
    VariantInfo variant = VariantInfo.adapter(name, TECHNIQUES, quality, base.variant());
    registry.declare(id, base.pool(), variant, base.device());
  }

  /** Brings up the adapters of an engine that has become ready. */
  void ready(String engine) {
    EngineSlot base = registry.find(engine);
    for (Planned each : planned) {
      if (base != null && each.engine().equals(EngineNames.adapter(engine, each.name()))) {
        attach(each.name(), base, each.file())
            .ifPresent(refusal -> failed(each, refusal.message()));
      }
    }
  }

  /** Marks the adapters of an engine that will never be ready. */
  void lost(String engine) {
    for (Planned each : planned) {
      if (EngineNames.batch(each.engine()).equals(engine)) {
        failed(each, "its base " + each.base() + " is not running");
      }
    }
  }

  private void failed(Planned adapter, String reason) {
    LOG.log(
        System.Logger.Level.ERROR, "event=adapter_failed adapter=" + adapter.name() + " " + reason);
    registry.failed(adapter.engine(), reason);
  }

  /**
   * Loads an adapter beside a variant that runs.
   *
   * @param name that it is asked for by
   * @param base null for the only variant that runs
   * @return why it is refused; empty when it is loaded
   */
  public synchronized Optional<Refusal> load(String name, AdapterFile file, @Nullable String base) {
    if (!EngineNames.isVariant(name)) {
      return refused(
          "lora_name",
          "the name of an adapter is made of letters, digits and . _ : -, got " + name);
    }
    EngineSlot taken = find(name);
    if (taken != null && taken.state() != State.FAILED) {
      return refused("lora_name", "The lora adapter '" + name + "' has already been loaded.");
    }
    if (registry.catalog().isTaken(name)) {
      return refused(
          "lora_name", "The lora adapter name '" + name + "' conflicts with a served model.");
    }
    List<EngineSlot> bases =
        registry.slots().stream()
            .filter(slot -> slot.usable() && slot.engine() instanceof AdapterHost)
            .filter(slot -> base == null || slot.variant().name().equals(base))
            .toList();
    if (bases.size() != 1) {
      return refused("base_model_name", which(bases, base));
    }
    return attach(name, bases.getFirst(), file);
  }

  private static String which(List<EngineSlot> bases, @Nullable String base) {
    if (bases.isEmpty()) {
      return base == null
          ? "no engine that takes adapters is running"
          : "no engine of '" + base + "' that takes adapters is running";
    }
    return "base_model_name must say which variant the adapter is for, one of "
        + String.join(", ", bases.stream().map(slot -> slot.variant().name()).toList());
  }

  private Optional<Refusal> attach(String name, EngineSlot base, AdapterFile file) {
    String id = EngineNames.adapter(base.id(), name);
    try (GgufFile open = GgufFile.open(file.path())) {
      if (!(base.engine() instanceof AdapterHost host)) {
        return refused("base_model_name", "engine " + base.id() + " takes no adapters");
      }
      Double quality = qualities.of(base.variant().name(), file);
      String fingerprint = host.capabilities().fingerprint() + "+" + name;
      AdapterSpec spec = new AdapterSpec(id, name, fingerprint, file.factor());
      Engine engine = host.attach(spec, LoraAdapter.of(open));
      declare(id, name, base, quality);
      registry.catalog().add(name);
      registry.joined(id, engine, base.encoder());
      LOG.log(System.Logger.Level.INFO, "event=adapter_loaded engine=" + id);
      return Optional.empty();
    } catch (NoSuchFileException | FileNotFoundException e) {
      return Optional.of(Refusal.of(ErrorCode.NOT_FOUND, "there is no file " + file.path()));
    } catch (IOException | RuntimeException e) {
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      return refused("lora_path", reason);
    }
  }

  private static Optional<Refusal> refused(String param, String message) {
    return Optional.of(Refusal.invalid(param, message));
  }

  /**
   * Unloads an adapter: it takes no more requests, those that run end normally, and its memory is
   * free with the last.
   *
   * @return why it is refused; empty when it is unloaded
   */
  public synchronized Optional<Refusal> unload(String name) {
    EngineSlot slot = find(name);
    if (slot == null) {
      return Optional.of(
          Refusal.of(
              ErrorCode.NOT_FOUND,
              "The lora adapter '" + name + "' cannot be found.",
              "lora_name",
              null));
    }
    registry.catalog().remove(name);
    Engine engine = slot.engine();
    if (engine != null) {
      engine.drain();
    }
    registry.remove(slot.id());
    LOG.log(System.Logger.Level.INFO, "event=adapter_unloaded engine=" + slot.id());
    return Optional.empty();
  }

  private @Nullable EngineSlot find(String name) {
    for (EngineSlot slot : registry.slots()) {
      if (EngineNames.isAdapter(slot.id()) && slot.variant().name().equals(name)) {
        return slot;
      }
    }
    return null;
  }
}
