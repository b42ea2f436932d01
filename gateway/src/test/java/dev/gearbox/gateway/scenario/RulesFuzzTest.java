package dev.gearbox.gateway.scenario;

import dev.gearbox.engine.Fuzzing;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules that somebody sends: compiled, or refused with the place of what is wrong. */
class RulesFuzzTest {
  /** Entry of the fuzzer: a text that begins like a table is read as one. */
  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    String name = text.startsWith("rule,") ? "a.csv" : "a.drl";
    try {
      RuleCheck.compile(List.of(new RuleSource(name, text)));
    } catch (RuleException e) {
      if (String.valueOf(e.getMessage()).isBlank()) {
        throw new IllegalStateException("refused without a word", e);
      }
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("rules", 20, RulesFuzzTest::fuzzerTestOneInput);
  }
}
