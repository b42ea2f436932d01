package dev.gearbox.gateway.admission;

import dev.gearbox.engine.Lane;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Terms;
import dev.gearbox.policy.fact.Origin;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests of which only what the door looks at differs. */
public final class TestingRequests {
  private TestingRequests() {}

  /** Of one sequence and no deadline. */
  public static InferenceRequest of(String tenant, int priority) {
    return of(tenant, priority, 1, null, 0);
  }

  static InferenceRequest of(
      String tenant, int priority, int n, @Nullable Duration deadline, long arrived) {
    var serviceClass =
        new ServiceClass(
            "p" + priority,
            Targets.NONE,
            0.95,
            Duration.ofDays(30),
            priority,
            Lane.INTERACTIVE,
            ServiceClass.Weights.DEFAULT);
    return new InferenceRequest(
        "id",
        AnswerKind.COMPLETION,
        "auto",
        List.of(new Prompt.Text("12345678".repeat(10))),
        n,
        List.of(),
        SamplingSpec.GREEDY,
        100,
        List.of(),
        false,
        false,
        false,
        false,
        false,
        false,
        false,
        Map.of(),
        new Terms(
            serviceClass,
            "default",
            new Targets(null, null, deadline, null, null, null),
            null,
            null),
        new Caller(tenant, "standard", ""),
        List.of(),
        arrived,
        Origin.CALL,
        null);
  }
}
