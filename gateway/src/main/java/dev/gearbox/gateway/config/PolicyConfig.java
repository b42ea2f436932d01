package dev.gearbox.gateway.config;

import dev.gearbox.policy.choose.Pricing;
import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How decisions are made and kept.
 *
 * @param rules rule files, {@code classpath:} or {@code file:}, those relative to the
 *     configuration; empty for the default rules
 * @param reload when rule files are read again
 * @param shadow rule files that decide in the shadow; empty for none
 * @param pricing what moves the price of a device
 * @param record which decision records are kept
 * @param audit how answers are compared with what the reference makes of them
 */
public record PolicyConfig(
    @Setting(
            value =
                "Rule files, as classpath:PATH or file:PATH, the last part of which may be a pattern"
                    + " such as *.drl or *.csv; none for the default rules",
            pattern = "(classpath|file):.+")
        List<String> rules,
    @Setting(
            value = "Whether changes of the rule files are taken while requests run",
            byDefault = "watch")
        Reload reload,
    @Setting(
            value =
                "Rule files that decide beside those that serve; what they would choose is shown",
            pattern = "(classpath|file):.+")
        List<String> shadow,
    @Setting(
            value =
                "What moves the price of a device: what was lately asked of it (clearing), how busy it"
                    + " is (metered), or how likely what it is given is to be in time (predicted)",
            byDefault = "clearing")
        Pricing pricing,
    @Setting("Which decision records are kept") Records record,
    @Setting("How answers are compared with what the reference makes of them") Audit audit) {
  public PolicyConfig {
    rules = List.copyOf(rules);
    shadow = List.copyOf(shadow);
  }

  /** Files and folders are named relative to the configuration. */
  PolicyConfig resolved(Beside config) {
    return new PolicyConfig(
        rules.stream().map(config::url).toList(),
        reload,
        shadow.stream().map(config::url).toList(),
        pricing,
        new Records(record.keep(), config.pathOrNull(record.directory()), record.maxBytes()),
        audit);
  }

  /** When rule files are read again. */
  public enum Reload {
    /** Whenever one changes. */
    WATCH,
    /** Never. */
    NEVER
  }

  /**
   * How answers are compared with what the reference makes of them.
   *
   * @param sample share of answers
   * @param tolerance how much more than measured qualities explain is let pass
   * @param revoke what drifts answers no more
   */
  public record Audit(
      @Setting(
              value =
                  "Share of the answers of other variants than the reference that the reference"
                      + " reads again when the machine has nothing else to do; 0 for none",
              byDefault = "0",
              min = 0,
              max = 1)
          double sample,
      @Setting(
              value =
                  "A variant has drifted when the gap to the reference is surely more than this many"
                      + " times what their measured qualities explain",
              byDefault = "3",
              min = 1,
              max = 1000)
          double tolerance,
      @Setting(
              value =
                  "Whether a variant that has drifted answers no more, until the server starts again"
                      + " or an operator takes it back",
              byDefault = "false")
          boolean revoke) {
    /** None. */
    public static final Audit OFF = new Audit(0, 1, false);
  }

  /**
   * Which decision records are kept.
   *
   * @param keep in memory
   * @param directory for those of requests that ended; relative to the configuration; null for none
   * @param maxBytes on disk
   */
  public record Records(
      @Setting(value = "Newest records in memory", byDefault = "10000", min = 1, max = 10_000_000)
          int keep,
      @Setting(
              value =
                  "Folder for the records of requests that ended; none keeps them in memory alone",
              optional = true)
          @Nullable String directory,
      @Setting(
              value = "Bytes of record files in that folder at most; the oldest go",
              byDefault = "256MB",
              min = 1 << 20)
          DataSize maxBytes) {
    /** In memory alone. */
    public static Records inMemory(int keep) {
      return new Records(keep, null, new DataSize(1 << 20));
    }
  }
}
