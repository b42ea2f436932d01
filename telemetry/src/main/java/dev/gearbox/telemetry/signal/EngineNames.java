package dev.gearbox.telemetry.signal;

/**
 * Engine ids: {@code POOL/VARIANT}, with {@code #N} behind it where a pool holds several. An
 * adapter's is that of the engine whose batch its requests join, with {@code +VARIANT} behind it.
 */
public final class EngineNames {
  /** What names of variants are made of. */
  public static final String VARIANT = "[A-Za-z0-9][A-Za-z0-9._:-]*";

  private EngineNames() {}

  /** Whether a variant may be called so. */
  public static boolean isVariant(String name) {
    return name.matches(VARIANT);
  }

  /** The variant in an engine's id. */
  public static String variant(String engine) {
    int adapter = engine.indexOf('+');
    if (adapter >= 0) {
      return engine.substring(adapter + 1);
    }
    String variant = engine.substring(engine.indexOf('/') + 1);
    int number = variant.lastIndexOf('#');
    return number < 0 ? variant : variant.substring(0, number);
  }

  /** The id of an adapter on an engine. */
  public static String adapter(String engine, String variant) {
    return engine + "+" + variant;
  }

  /** The engine whose batch requests to {@code engine} join: itself, but for an adapter. */
  public static String batch(String engine) {
    int adapter = engine.indexOf('+');
    return adapter < 0 ? engine : engine.substring(0, adapter);
  }

  /** Whether it is an adapter on another engine. */
  public static boolean isAdapter(String engine) {
    return engine.indexOf('+') >= 0;
  }
}
