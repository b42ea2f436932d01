package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;

/** One run of llama.cpp's own benchmark with the same work. */
record LlamaBench(
    Path program, Path weights, int promptTokens, int generatedTokens, int depth, int threads) {

  /** Tokens per second. */
  record Speed(double prefill, double decode) {}

  Speed run() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                program.toString(),
                "-m",
                weights.toString(),
                "-p",
                Integer.toString(promptTokens),
                "-n",
                Integer.toString(generatedTokens),
                "-d",
                Integer.toString(depth),
                "-t",
                Integer.toString(threads),
                "-r",
                "1",
                "-o",
                "json")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = process.waitFor();
    if (exit != 0) {
      throw new IOException(program + " ends with exit code " + exit);
    }
    double prefill = 0;
    double decode = 0;
    for (JsonNode test : Json.parse(out)) {
      if (test.path("n_gen").asInt() == 0) {
        prefill = test.path("avg_ts").asDouble();
      } else {
        decode = test.path("avg_ts").asDouble();
      }
    }
    return new Speed(prefill, decode);
  }
}
