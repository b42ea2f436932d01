package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {
  @TempDir Path folder;

  @Test
  void theBuiltInCatalogHasTheFourVariantsHuggingFaceFirst() {
    Catalog catalog = Catalog.builtIn();

    assertThat(catalog.names())
        .containsExactly(
            "smollm2-135m-q4_1",
            "qwen2.5-coder-0.5b-q4_k_m",
            "qwen2.5-coder-1.5b-q4_k_m",
            "gemma-3-270m-q4_k_m");
    assertThat(catalog.entries())
        .allSatisfy(e -> assertThat(e.sources().getFirst()).startsWith("hf:"))
        .allSatisfy(e -> assertThat(e.sources().getLast()).startsWith("pypi:"));
  }

  @Test
  void anUnambiguousBeginningIsEnough() {
    Catalog catalog = Catalog.builtIn();

    assertThat(catalog.choose("smollm2").name()).isEqualTo("smollm2-135m-q4_1");
    assertThat(catalog.choose("qwen2.5-coder-0.5b").size()).isEqualTo(491_400_064);
    assertThatThrownBy(() -> catalog.choose("qwen"))
        .hasMessage(
            "'qwen' could be qwen2.5-coder-0.5b-q4_k_m or qwen2.5-coder-1.5b-q4_k_m: write more of the name");
    assertThatThrownBy(() -> catalog.choose("smollm2-135m-q4_0"))
        .hasMessage("no variant 'smollm2-135m-q4_0', did you mean 'smollm2-135m-q4_1'?");
  }

  @Test
  void aFileAddsVariantsAndReplacesThoseOfTheSameName() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("mine.yaml"),
            """
            catalog:
              variants:
                - name: mine
                  model: Mine
                  licence: MIT
                  file: mine.gguf
                  size: 1000
                  sha256: %s
                  sources: ["file:/data/mine.gguf", "maven:org.acme:weights:1.0!*.gguf"]
                - {name: smollm2-135m-q4_1, model: X, licence: MIT, file: x.gguf, size: 1, sha256: %s, sources: [hf:a/b/c.gguf]}
            """
                .formatted("ab".repeat(32), "cd".repeat(32)));

    Catalog catalog = Catalog.load(List.of(file));

    assertThat(catalog.names()).hasSize(5).contains("mine");
    assertThat(catalog.choose("smollm2").model()).isEqualTo("X");
  }

  @Test
  void aWrongFileIsRefusedWithEveryLineThatIsWrong() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("bad.yaml"),
            """
            catalog:
              variants:
                - name: mine
                  modle: Mine
                  licence: MIT
                  file: ../../etc/passwd
                  size: -1
                  sha256: abc
                  sources: []
                - {name: two, model: X, licence: MIT, file: x.gguf, size: 1, sha256: %s, sources: [hg:a/b/c.gguf]}
            """
                .formatted("cd".repeat(32)));

    assertThatThrownBy(() -> Catalog.load(List.of(file)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining(
            "bad.yaml:4: catalog.variants[0].modle: unknown key 'modle', did you mean 'model'?")
        .hasMessageContaining("bad.yaml:6: catalog.variants[0].file: expected")
        .hasMessageContaining("bad.yaml:7: catalog.variants[0].size: must be 1 or more, got -1")
        .hasMessageContaining("bad.yaml:8: catalog.variants[0].sha256: expected")
        .hasMessageContaining(
            "bad.yaml:10: catalog.variants[1].sources[0]: no source of kind 'hg', did you mean 'hf'?");
  }

  @Test
  @Tag("weights")
  void theSmallWeightsComeFromWhateverSourceIsInReach() throws Exception {
    CatalogEntry entry = Catalog.builtIn().choose("smollm2");

    Path path = new WeightStore(folder, false).fetch(entry, FetchListener.SILENT);

    assertThat(WeightStore.sha256(path)).isEqualTo(entry.sha256());
  }
}
