package dev.gearbox.gateway.api;

import dev.gearbox.engine.Fuzzing;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/** A body from anybody: a request, or a refusal that says why. */
public class RequestFuzzTest {
  /** A parser that knows one class. */
  public static final RequestParser PARSER =
      new RequestParser(
          new ServiceClasses(
              List.of(
                  new ServiceClass(
                      "standard",
                      Targets.NONE,
                      0.95,
                      Duration.ofDays(30),
                      0,
                      Lane.INTERACTIVE,
                      ServiceClass.Weights.DEFAULT))));

  private static final Caller CALLER = new Caller("local", "standard", "");

  /** Entry of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    if (!(JsonBody.read(data) instanceof Result.Ok<ObjectNode>(ObjectNode json))) {
      return;
    }
    for (AnswerKind kind : AnswerKind.values()) {
      if (PARSER.parse("1", kind, json, name -> null, CALLER, 0)
              instanceof Result.Refused<InferenceRequest>(Refusal why)
          && (why.status() >= 500 || why.message().isBlank())) {
        throw new IllegalStateException("refused with " + why);
      }
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("request", 300, RequestFuzzTest::fuzzerTestOneInput);
  }
}
