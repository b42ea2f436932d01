package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import java.util.List;

/**
 * How decisions are made and kept.
 *
 * @param rules rule files, {@code classpath:} or {@code file:}; empty for the default rules
 */
public record PolicyConfig(
    @Setting(
            value = "Rule files, as classpath:PATH or file:PATH; none for the default rules",
            pattern = "(classpath|file):.+")
        List<String> rules,
    @Setting("Which decision records are kept") Records record) {
  public PolicyConfig {
    rules = List.copyOf(rules);
  }

  /** Which decision records are kept. */
  public record Records(
      @Setting(value = "Newest records in memory", byDefault = "10000", min = 1, max = 10_000_000)
          int keep) {}
}
