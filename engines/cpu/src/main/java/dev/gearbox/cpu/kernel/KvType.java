package dev.gearbox.cpu.kernel;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How the numbers of keys and values are kept; names are those of llama.cpp. */
public enum KvType {
  /** Floats. */
  F32,
  /** Half floats; what is smaller than the least normal one is kept as zero. */
  F16,
  /** Bytes, with one float for the largest number of a head's key or value. */
  Q8_0;

  /** The type that is written like this. */
  public static KvType of(String name) {
    return Arrays.stream(values())
        .filter(type -> type.toString().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "expected one of %s, got '%s'"
                    .formatted(
                        Arrays.stream(values())
                            .map(KvType::toString)
                            .collect(Collectors.joining(", ")),
                        name)));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
