package dev.gearbox.format.template;

import dev.gearbox.engine.Fuzzing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A chat template from a stranger: renders within its bounds, or is refused. */
class TemplateFuzzTest {
  private static final List<Map<String, String>> MESSAGES =
      List.of(
          Map.of("role", "system", "content", "Be brief."),
          Map.of("role", "user", "content", "{{ 1 }} {% raise %}"));
  private static final int MOST = 1_000_000;

  /** Entry of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    String source = new String(data, StandardCharsets.UTF_8);
    try {
      String prompt = ChatTemplate.of(source, "<s>", "</s>").render(MESSAGES, null, true);
      if (prompt.length() > MOST) {
        throw new IllegalStateException("a prompt of %d characters".formatted(prompt.length()));
      }
    } catch (TemplateException e) {
      // Refused.
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("template", 300, TemplateFuzzTest::fuzzerTestOneInput);
  }
}
