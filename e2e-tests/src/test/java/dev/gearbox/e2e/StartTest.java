package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
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
    try (GearboxProcess gearbox = GearboxProcess.serve("--models", "smollm2")) {
      FutureTask<String> stream = stream(gearbox.awaitVariants(Shared.SMALL), 120);

      gearbox.process().destroy();

      assertThat(stream.get()).endsWith("data: [DONE]\n\n");
      assertThat(gearbox.process().waitFor(40, TimeUnit.SECONDS)).isTrue();
      assertThat(gearbox.output().lines())
          .as("what goes to both streams into one file stays whole")
          .anyMatch(line -> line.contains("event=engine_ready"))
          .allMatch(line -> line.matches("(gearbox|try|smollm2\\S*): .*|ts=\\S+ level=.*"));
    }
  }

  @Test
  void aSecondStopEndsTheRunningStreamInAnErrorEvent() throws Exception {
    try (GearboxProcess gearbox = GearboxProcess.serve("--models", "smollm2")) {
      FutureTask<String> stream = stream(gearbox.awaitVariants(Shared.SMALL), 8000);
      // Before its first token an answer is no stream yet.
      TimeUnit.SECONDS.sleep(3);

      gearbox.process().destroy();
      while (gearbox.get("/health/ready").statusCode() == 200) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
      assertThat(stream.isDone()).as("the first stop waits for the stream").isFalse();
      kill(gearbox.process(), "INT");

      assertThat(stream.get()).endsWith("}}\n\n").contains("data: {\"error\"");
      assertThat(gearbox.process().waitFor(15, TimeUnit.SECONDS)).isTrue();
      assertThat(gearbox.output()).contains("stopping at once");
    }
  }

  /** A stream of that many tokens that has begun. */
  private static FutureTask<String> stream(GearboxProcess gearbox, int tokens) throws Exception {
    var stream =
        new FutureTask<>(() ->
            gearbox
                .post(
                    "/v1/chat/completions",
                    """
                    {"model":"smollm2","stream":true,"max_tokens":%d,"ignore_eos":true,
                     "messages":[{"role":"user","content":"Tell me a story."}]}\
                    """
                        .formatted(tokens))
                .body());
    Thread.ofVirtual().start(stream);
    while (gearbox.metric("vllm:num_requests_running") == 0 && !stream.isDone()) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return stream;
  }

  /** {@link Process#destroy} sends one signal only, the first time. */
  private static void kill(Process process, String signal) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor())
        .isZero();
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
