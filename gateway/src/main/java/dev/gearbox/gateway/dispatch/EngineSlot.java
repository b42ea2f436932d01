package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.remote.RemoteEngine;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One engine's place in its pool, at one moment of its life.
 *
 * @param id id of the engine, {@code POOL/VARIANT}
 * @param pool its pool
 * @param variant what is known of its variant
 * @param device id of its device
 * @param state where it is in its life
 * @param progress share of its weights that is here, 0 to 1, while loading
 * @param reason why it failed; null otherwise
 * @param engine null until it is ready
 * @param encoder engines with equal ones turn a prompt into the same tokens; empty until ready
 */
public record EngineSlot(
    String id,
    String pool,
    VariantInfo variant,
    String device,
    State state,
    double progress,
    @Nullable String reason,
    @Nullable Engine engine,
    String encoder) {

  static EngineSlot declared(String id, String pool, VariantInfo variant, String device) {
    return new EngineSlot(id, pool, variant, device, State.LOADING, 0, null, null, "");
  }

  EngineSlot loading(double share) {
    return new EngineSlot(id, pool, variant, device, State.LOADING, share, null, null, "");
  }

  EngineSlot warming() {
    return new EngineSlot(id, pool, variant, device, State.WARMING, 1, null, null, "");
  }

  EngineSlot ready(Engine running, String encoderId) {
    return new EngineSlot(id, pool, variant, device, State.READY, 1, null, running, encoderId);
  }

  EngineSlot failed(String why) {
    return new EngineSlot(id, pool, variant, device, State.FAILED, progress, why, null, "");
  }

  /** The engine of a slot that was ready when it was chosen. */
  public Engine running() {
    return Objects.requireNonNull(engine, id);
  }

  /** Whether it may become ready some time. */
  public boolean coming() {
    return state == State.LOADING || state == State.WARMING;
  }

  /** Whether what it holds of prompts is recorded here, because nobody else can tell. */
  boolean isRecorded() {
    return engine instanceof RemoteEngine remote && remote.takesTokens();
  }

  /** Whether requests may be sent to it. */
  public boolean usable() {
    return state == State.READY && engine != null && engine.signal().state() == State.READY;
  }
}
