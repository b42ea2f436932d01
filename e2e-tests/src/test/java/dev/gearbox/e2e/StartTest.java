package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that must fail, with one line that says what to do; and stops that must be graceful. */
@Tag("weights")
class StartTest {
  private record Result(int exit, String out) {}

  @TempDir Path folder;

  @Test
  void aWrongKeyStopsTheStartWithItsLineAndASuggestion() throws Exception {
    Path config =
        Files.writeString(folder.resolve("bad.yaml"), "gearbox:\n  models:\n    - nmae: auto\n");

    Result result = run("serve", "--config", config.toString());

    assertThat(result.exit).isIn(1, 2);
    assertThat(result.out)
        .contains("bad.yaml:3", "nmae", "did you mean", "name")
        .doesNotContain("\tat ");
  }

  @Test
  void aPortInUseIsSaidInOneLine() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Result result =
          run("serve", "--models", "smollm2", "--port", Integer.toString(taken.getLocalPort()));

      assertThat(result.exit).isEqualTo(1);
      assertThat(result.out)
          .contains(Integer.toString(taken.getLocalPort()), "in use")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void anUnknownModelIsNamed() throws Exception {
    Result result = run("serve", "--models", "smollm9");

    assertThat(result.exit).isIn(1, 2);
    assertThat(result.out).contains("smollm9").doesNotContain("\tat ");
  }

  @Test
  void aFileThatIsNoGgufIsRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("weights.gguf"), "these are not weights");

    Result result = run("generate", "--weights", file.toString(), "--prompt", "Hi");

    assertThat(result.exit).isEqualTo(1);
    assertThat(result.out).contains("weights.gguf").doesNotContain("\tat ");
  }

  @Test
  void helpNamesEveryCommand() throws Exception {
    Result result = run("--help");

    assertThat(result.exit).isZero();
    assertThat(result.out)
        .contains(
            "serve",
            "engine",
            "pull",
            "ps",
            "generate",
            "tokenize",
            "template",
            "eval",
            "bench",
            "test");
    assertThat(run("frobnicate").exit).isEqualTo(2);
  }

  @Test
  void aStopLetsTheRunningStreamFinish() throws Exception {
    GearboxProcess gearbox = GearboxProcess.serve("--models", "smollm2");
    try (gearbox) {
      gearbox.awaitVariants(Shared.SMALL);
      var answer = new ArrayList<String>();
      var reader =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  answer.add(
                      gearbox
                          .post(
                              "/v1/chat/completions",
                              """
                              {"model":"smollm2","stream":true,"max_tokens":120,"ignore_eos":true,
                               "messages":[{"role":"user","content":"Tell me a story."}]}\
                              """)
                          .body());
                } catch (IOException | InterruptedException e) {
                  answer.add("cut: " + e);
                }
              });
      while (gearbox.metric("vllm:num_requests_running") == 0 && reader.isAlive()) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      gearbox.process().destroy();
      reader.join();
      assertThat(answer.getFirst()).endsWith("data: [DONE]\n\n");
      assertThat(gearbox.process().waitFor(40, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static Result run(String... arguments) throws Exception {
    var command = new ArrayList<>(List.of(GearboxProcess.ROOT.resolve("gearbox").toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), out);
  }
}
