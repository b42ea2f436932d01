package dev.gearbox.format.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.TestingModels;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Token ids of nasty strings as llama.cpp's server gave them (build 11434, /tokenize with
 * parse_special).
 */
class RealTokenizerTest {
  @Test
  @Tag("weights")
  void smollm2AgreesWithLlamaCpp() throws IOException {
    agrees("smollm2-135m-instruct-q4_1.gguf", "tokens-smollm2.json");
  }

  @Test
  @Tag("long")
  void qwenAgreesWithLlamaCpp() throws IOException {
    agrees("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "tokens-qwen2.5-coder-0.5b.json");
  }

  @Test
  @Tag("long")
  void gemmaAgreesWithLlamaCpp() throws IOException {
    agrees("gemma-3-270m-q4_k_m.gguf", "tokens-gemma-3-270m.json");
  }

  private static void agrees(String model, String resource) throws IOException {
    try (GgufFile file = TestingModels.open(model);
        InputStream in =
            Objects.requireNonNull(RealTokenizerTest.class.getResourceAsStream(resource))) {
      Tokenizer tokenizer = Tokenizer.of(file);
      for (JsonNode each : new JsonMapper().readTree(in)) {
        String text = each.get("text").asString();
        int[] expected = each.get("tokens").valueStream().mapToInt(JsonNode::asInt).toArray();
        assertThat(Arrays.toString(tokenizer.encode(text, true)))
            .as(text.length() > 60 ? text.substring(0, 60) : text)
            .isEqualTo(Arrays.toString(expected));
      }
    }
  }
}
