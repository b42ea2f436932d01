package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.workshop.QualityLedger.Entry;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QualityLedgerTest {
  private static final String CORPUS = QualityLedger.corpusSha256();

  @TempDir Path folder;

  @Test
  void qualityIsBitsOfTheReferenceOverThoseOfTheVariant() throws IOException {
    record("reference", CORPUS, 512, 0.9);
    record("variant", CORPUS, 512, 1.2);
    assertThat(quality()).isEqualTo(0.75);
  }

  @Test
  void aMeasurementOfAnotherCorpusOrProtocolCountsAsNone() throws IOException {
    record("reference", CORPUS, 512, 0.9);
    record("variant", "0".repeat(64), 512, 1.2);
    assertThat(quality()).isNaN();
    record("variant", CORPUS, 256, 1.2);
    assertThat(quality()).isNaN();
    record("variant", CORPUS, 512, 1.2);
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

  private void record(String sha256, String corpus, int context, double bits) throws IOException {
    QualityLedger.record(folder, sha256, new Entry(sha256, corpus, context, 9, 4, 2.5, bits));
  }
}
