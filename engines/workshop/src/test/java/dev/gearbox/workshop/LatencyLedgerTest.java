package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.workshop.LatencyLedger.Profile;
import dev.gearbox.workshop.LatencyLedger.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatencyLedgerTest {
  private static final Step DECODE = new Step(4, 512, 0, 0, 0.25);
  private static final Step PREFILL = new Step(0, 0, 64, 512, 0.5);

  @TempDir Path folder;

  @BeforeEach
  void record() throws IOException {
    LatencyLedger.record(folder, "weights", new Profile("v", 2, List.of(DECODE, PREFILL)));
  }

  @Test
  void whatThisProgramMeasuredHereIsFoundByTheWeights() throws IOException {
    LatencyLedger.record(folder, "others", new Profile("w", 2, List.of(DECODE)));
    LatencyLedger ledger = LatencyLedger.load(folder);
    assertThat(ledger.find("weights", 2).orElseThrow().steps()).containsExactly(DECODE, PREFILL);
    assertThat(ledger.find("others", 2)).isPresent();
    assertThat(ledger.find("weights", 3)).as("with other threads").isEmpty();
    assertThat(ledger.find("strangers", 2)).isEmpty();
    assertThat(DECODE.told().contextTokens()).isEqualTo(2048);
    assertThat(PREFILL.told().prefillContext()).isEqualTo(64 * (512 + 32));
  }

  @ParameterizedTest
  @CsvSource({
    "program, measured by another version of the program",
    "processor, measured on another"
  })
  void whatAnotherProgramOrProcessorTookIsStale(String of, String why) throws IOException {
    Path file = folder.resolve("latency.json");
    Files.writeString(
        file, Files.readString(file).replaceFirst("(\"%s\" : \")".formatted(of), "$1another "));
    LatencyLedger ledger = LatencyLedger.load(folder);
    assertThat(ledger.find("weights", 2)).isEmpty();
    assertThat(ledger.staleness("v", "weights", 2).orElseThrow()).startsWith(why);
  }

  @Test
  void whyItIsStaleIsSaid() throws IOException {
    LatencyLedger ledger = LatencyLedger.load(folder);
    assertThat(ledger.staleness("v", "weights", 2)).isEmpty();
    assertThat(ledger.staleness("v", "weights", 3)).hasValue("measured with 2 threads, not with 3");
    assertThat(ledger.staleness("v", "new weights", 2))
        .hasValue("measured of other weights of that name");
    assertThat(ledger.staleness("w", "strangers", 2)).isEmpty();
  }

  @Test
  void aBrokenFileSaysWhatToDo() throws IOException {
    Files.writeString(folder.resolve("latency.json"), "{");
    assertThatThrownBy(() -> LatencyLedger.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("latency.json is broken")
        .hasMessageContaining("run gearbox calibrate");
  }
}
