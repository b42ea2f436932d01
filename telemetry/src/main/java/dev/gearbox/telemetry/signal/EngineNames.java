package dev.gearbox.telemetry.signal;

/** Engine ids: {@code POOL/VARIANT}, with {@code #N} behind it where a pool holds several. */
public final class EngineNames {
  private EngineNames() {}

  /** The variant in an engine's id. */
  public static String variant(String engine) {
    String variant = engine.substring(engine.indexOf('/') + 1);
    int number = variant.lastIndexOf('#');
    return number < 0 ? variant : variant.substring(0, number);
  }
}
