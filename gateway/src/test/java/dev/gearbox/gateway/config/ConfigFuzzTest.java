package dev.gearbox.gateway.config;

import dev.gearbox.engine.Fuzzing;
import dev.gearbox.gateway.slo.OpenSloReader;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import dev.gearbox.workshop.settings.SettingsReader;
import dev.gearbox.workshop.settings.SettingsReader.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** YAML that somebody wrote at night: a configuration, or its problems with file and line. */
class ConfigFuzzTest {
  /** Entry of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    String yaml = new String(data, StandardCharsets.UTF_8);
    SettingsReader reader = new SettingsReader();
    reader.read(
        GearboxConfig.class, ConfigLoader.PREFIX, List.of(new Text("a.yaml", yaml)), Map.of());
    try {
      reader.finish();
    } catch (InvalidSettingsException e) {
      if (e.problems().isEmpty()) {
        throw new IllegalStateException("refused without a problem", e);
      }
    }
    try {
      OpenSloReader.read("slo.yaml", yaml);
    } catch (IllegalArgumentException e) {
      if (!String.valueOf(e.getMessage()).startsWith("slo.yaml")) {
        throw e;
      }
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("config", 300, ConfigFuzzTest::fuzzerTestOneInput);
  }
}
