package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.workshop.WeightStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WiringTest {
  @TempDir Path folder;

  @Test
  void keysAndValuesThatDoNotFitBesideTheWeightsAreRefusedWithWhatFits() throws Exception {
    Configuration configuration =
        ConfigLoader.load(null, Map.of()).only(List.of("smollm2-135m-q4_1"));
    Wiring wiring = new Wiring(configuration, new WeightStore(folder, true));
    assertThatCode(() -> wiring.checkMemory(2L << 30)).doesNotThrowAnyException();
    assertThatThrownBy(() -> wiring.checkMemory(1L << 30))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kv-memory: 1024 MB")
        .hasMessageContaining("1024 MB of this machine or container")
        .hasMessageMatching(".*at most 6[0-9]{2} MB fit");
  }
}
