package dev.gearbox.runtime;

/**
 * What an engine is told about an adapter that it is to serve.
 *
 * @param engine id of the engine that the adapter appears as, see {@link
 *     dev.gearbox.telemetry.signal.EngineNames}
 * @param variant name that it is asked for by
 * @param fingerprint variant and build
 * @param factor on the scale that its file gives
 */
public record AdapterSpec(String engine, String variant, String fingerprint, float factor) {
  public AdapterSpec {
    if (!Float.isFinite(factor)) {
      throw new IllegalArgumentException("the scale must be a finite number, got " + factor);
    }
  }
}
