package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GearboxTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void helpNamesEveryCommandAndHidesTheLaunchersOwn() {
    assertThat(run("--help")).isZero();
    assertThat(out())
        .contains("serve", "engine", "pull", "ps", "generate", "tokenize", "template", "eval")
        .contains("bench", "config", "policy", "explain", "test")
        .doesNotContain("train");
    assertThat(err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve",
        "engine",
        "pull",
        "ps",
        "generate",
        "tokenize",
        "template",
        "eval",
        "quantize",
        "prune",
        "distil",
        "adapter",
        "bench",
        "simulate",
        "config",
        "policy",
        "explain",
        "test"
      })
  void everyCommandHasHelp(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out()).startsWith("Usage: gearbox " + command);
  }

  @Test
  void theVersionIsOneLine() {
    assertThat(run("--version")).isZero();
    assertThat(out()).startsWith("gearbox ").hasLineCount(1);
  }

  @Test
  void wrongUsageIsOneLineAndExitCodeTwo() {
    assertThat(run("frobnicate")).isEqualTo(2);
    assertThat(run("pull", "--lisst")).isEqualTo(2);
    assertThat(run("generate", "--weights", "x")).isEqualTo(2);
    assertThat(run("bench")).isEqualTo(2);
    assertThat(run("serve", "--port", "70000")).isEqualTo(2);
    assertThat(err()).hasLineCount(5).contains("did you mean '--list'?").doesNotContain("\tat ");
    assertThat(out()).isEmpty();
  }

  @Test
  void anUnknownVariantIsNamedWithWhatWasMeant() {
    assertThat(run("tokenize", "--weights", "smolm2", "--text", "x")).isEqualTo(1);
    assertThat(err())
        .isEqualTo(
            "gearbox tokenize: there is no file smolm2 and no variant 'smolm2', did you mean 'smollm2-135m-q4_1'?\n");
  }

  @Test
  void aFileThatIsNoGgufIsRefusedInOneLine() throws Exception {
    Path file = Files.writeString(folder.resolve("weights.gguf"), "these are not weights");

    assertThat(run("tokenize", "--weights", file.toString(), "--text", "x")).isEqualTo(1);
    assertThat(err()).hasLineCount(1).contains("weights.gguf");
  }

  @Test
  void aWrongConfigurationStopsTheStartWithEveryLine() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("bad.yaml"), "gearbox:\n  models:\n    - nmae: auto\n  kafkas: 1\n");

    assertThat(run("serve", "--config", file.toString())).isEqualTo(1);
    assertThat(err())
        .contains("bad.yaml:3: gearbox.models[0].nmae: unknown key 'nmae', did you mean 'name'?")
        .contains("bad.yaml:4: gearbox.kafkas: unknown key 'kafkas', did you mean 'kafka'?")
        .doesNotContain("\tat ");
  }

  @Test
  void verboseShowsWhereAnErrorComesFrom() {
    assertThat(run("config", "check", "--verbose", folder.resolve("none.yaml").toString()))
        .isEqualTo(1);
    assertThat(err()).contains("there is no file").contains("\tat ");
  }

  @Test
  void jsonIsTheOnlyThingOnStdout() {
    assertThat(run("pull", "--list", "--json")).isZero();
    assertThat(Json.parse(out()).path("variants").size()).isEqualTo(4);
  }

  @Test
  void nobodyAnsweringIsSaidWithWhatToDo() {
    assertThat(run("ps", "--admin-port", "1")).isEqualTo(1);
    assertThat(err()).hasLineCount(1).contains("is gearbox serve running?");
  }

  private int run(String... arguments) {
    return Gearbox.commandLine(new Screen(out, err, false)).execute(arguments);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
