package dev.gearbox.remote.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DialectTest {
  private static final String MODEL = "HuggingFaceTB/SmolLM2";

  /** All pages were made of the same moment, by the names that each server documents. */
  @ParameterizedTest
  @EnumSource(
      value = Dialect.class,
      names = {"VLLM", "SGLANG", "TRTLLM", "TRITON", "TGI", "LLAMA_SERVER"})
  void everyServersPageSaysTheSameQueueAndBatch(Dialect dialect) throws IOException {
    ServerSignals signals = read(dialect);
    assertThat(signals.running()).isEqualTo(7);
    assertThat(signals.waiting()).isEqualTo(3);
    assertThat(signals.requests()).isEqualTo(10);
  }

  @ParameterizedTest
  @EnumSource(
      value = Dialect.class,
      names = {"VLLM", "SGLANG", "TRTLLM", "TRITON"})
  void serversThatTellTheirMemoryTellTheSame(Dialect dialect) throws IOException {
    ServerSignals signals = read(dialect);
    assertThat(signals.kvUsage()).isEqualTo(0.25);
    assertThat(signals.blockTokens()).isEqualTo(16);
    assertThat(signals.blocks()).isEqualTo(2048);
  }

  @ParameterizedTest
  @EnumSource(
      value = Dialect.class,
      names = {"VLLM", "SGLANG"})
  void serversThatCountPrefixHitsCountTheSame(Dialect dialect) throws IOException {
    ServerSignals signals = read(dialect);
    assertThat(signals.prefixQueries()).isEqualTo(1000);
    assertThat(signals.prefixHits()).isEqualTo(400);
  }

  @Test
  void whatAServerDoesNotTellIsUnknownAndNotZero() throws IOException {
    assertThat(read(Dialect.TGI).kvUsage()).isNaN();
    assertThat(read(Dialect.LLAMA_SERVER).kvUsage()).isNaN();
    assertThat(Dialect.VLLM.signals(MetricsPage.parse("", name -> true), MODEL))
        .isEqualTo(ServerSignals.UNKNOWN);
    assertThat(Dialect.OLLAMA.metricsPath()).isNull();
  }

  @Test
  void severalModelsOnAPageAreToldApartByTheirName() {
    String page =
        """
        vllm:num_requests_running{model_name="one"} 2
        vllm:num_requests_running{model_name="other"} 5
        """;
    assertThat(signals(page, "one").running()).isEqualTo(2);
    assertThat(signals(page, "other").running()).isEqualTo(5);
    assertThat(signals(page, "named otherwise in the API").running()).isEqualTo(7);
  }

  @Test
  void replicasBehindOneServerAddUpAndShareTheirMeanOfMemory() {
    String page =
        """
        vllm:num_requests_running{engine="0",model_name="one"} 2
        vllm:num_requests_running{engine="1",model_name="one"} 5
        vllm:gpu_cache_usage_perc{engine="0",model_name="one"} 0.5
        vllm:gpu_cache_usage_perc{engine="1",model_name="one"} 0.1
        """;
    assertThat(signals(page, "one").running()).isEqualTo(7);
    assertThat(signals(page, "one").kvUsage()).isCloseTo(0.3, offset());
  }

  private static org.assertj.core.data.Offset<Double> offset() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }

  private static ServerSignals signals(String page, String model) {
    return Dialect.VLLM.signals(MetricsPage.parse(page, Dialect.VLLM::reads), model);
  }

  private static ServerSignals read(Dialect dialect) throws IOException {
    String name = dialect.name().toLowerCase(Locale.ROOT).replace('_', '-');
    try (InputStream in = DialectTest.class.getResourceAsStream("/metrics/" + name + ".txt")) {
      byte[] page = Objects.requireNonNull(in, name).readAllBytes();
      return dialect.signals(MetricsPage.parse(page, dialect::reads), MODEL);
    }
  }
}
