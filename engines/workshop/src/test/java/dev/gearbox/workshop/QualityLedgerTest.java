package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QualityLedgerTest {
  @TempDir Path folder;

  @Test
  void qualityIsBitsOfTheReferenceOverThoseOfTheVariant() throws IOException {
    record("reference", Corpus.OWN, 0.9);
    record("variant", Corpus.OWN, 1.2);
    assertThat(quality()).isEqualTo(0.75);
  }

  @Test
  void ofTwoCorporaTheLargerCountsWhereBothWereMeasuredOnIt() throws IOException {
    record("reference", Corpus.OWN, 0.9);
    record("variant", Corpus.OWN, 1.2);
    record("reference", Corpus.ALL, 0.8);
    assertThat(quality()).isEqualTo(0.75);
    record("variant", Corpus.ALL, 1.0);
    assertThat(quality()).isEqualTo(0.8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"corpus", "program", "context"})
  void aMeasurementOfAnotherCorpusProgramOrProtocolCountsAsNone(String of) throws IOException {
    record("reference", Corpus.OWN, 0.9);
    record("variant", Corpus.OWN, 1.2);
    Path file = folder.resolve("quality.json");
    String written = Files.readString(file);
    Files.writeString(file, written.replaceFirst("(\"%s\" : \"?)\\w{3}".formatted(of), "$1123"));
    assertThat(quality()).isNaN();
    Files.writeString(file, written);
    assertThat(quality()).isEqualTo(0.75);
  }

  @Test
  void theFiguresThatComeWithTheProgramAreOfItsCorpus() throws IOException {
    CatalogEntry reference = Catalog.builtIn().choose("qwen2.5-coder-1.5b-q4_k_m");
    for (CatalogEntry entry : Catalog.builtIn().entries()) {
      assertThat(QualityLedger.load(folder).quality(reference.sha256(), entry.sha256()))
          .as(entry.name())
          .isPresent();
    }
  }

  private double quality() throws IOException {
    return QualityLedger.load(folder).quality("reference", "variant").orElse(Double.NaN);
  }

  private void record(String sha256, Corpus corpus, double bits) throws IOException {
    QualityLedger.record(
        folder, sha256, sha256, corpus, new Evaluator.Result(9, 4, 2.5, bits, Math.log(2.5)));
  }
}
