package dev.gearbox.gateway.cli;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Tokenizes what the command line gives. */
record TokenizeRun(Path weights, Screen screen) {

  void one(String text, boolean json) throws IOException {
    try (GgufFile file = GgufFile.open(weights)) {
      int[] tokens = Tokenizer.of(file).encode(text, true);
      screen
          .out()
          .println(
              json
                  ? Json.write(Map.of("tokens", tokens))
                  : Arrays.stream(tokens)
                      .mapToObj(Integer::toString)
                      .collect(Collectors.joining(" ")));
    }
  }

  void all(Path texts) throws IOException {
    List<Map<String, int[]>> results = new ArrayList<>();
    try (GgufFile file = GgufFile.open(weights)) {
      Tokenizer tokenizer = Tokenizer.of(file);
      for (String text : Json.strings(texts)) {
        results.add(Map.of("tokens", tokenizer.encode(text, true)));
      }
    }
    screen.out().println(Json.write(Map.of("results", results)));
  }
}
