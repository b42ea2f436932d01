package dev.gearbox.policy.decide;

import dev.gearbox.engine.Lane;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the policy answered: a gear, or a refusal with offers. Either has a record by its id. */
public sealed interface Decision {
  String id();

  /**
   * Run it here.
   *
   * @param engine id of the engine
   * @param variant its variant
   * @param pool its pool
   * @param lane how it is batched
   * @param priority for the scheduler
   * @param maxTokens limit on the answer after rules had their say
   * @param tpotTarget what was promised; null when nothing was
   * @param speculate whether tokens may be guessed ahead
   * @param quality of the variant; null when unknown
   * @param predicted what is expected of it
   * @param alternatives engine ids of the next best candidates, best first, for failover
   */
  record Route(
      String id,
      String engine,
      String variant,
      String pool,
      Lane lane,
      int priority,
      int maxTokens,
      @Nullable Duration tpotTarget,
      boolean speculate,
      @Nullable Double quality,
      Prediction predicted,
      List<String> alternatives)
      implements Decision {
    public Route {
      alternatives = List.copyOf(alternatives);
    }
  }

  /**
   * Nothing acceptable can be done.
   *
   * @param status HTTP status
   * @param code error code of the API, such as {@code slo_unattainable} or {@code no_engine}
   * @param message for the client
   * @param param request parameter or header at fault; null when it is none
   * @param offers the nearest promises that could be made
   * @param retryAfter when waiting helps; null when it does not
   */
  record Refuse(
      String id,
      int status,
      String code,
      String message,
      @Nullable String param,
      List<Offer> offers,
      @Nullable Duration retryAfter)
      implements Decision {
    public Refuse {
      offers = List.copyOf(offers);
    }
  }

  /**
   * Predicted latency of a candidate in seconds.
   *
   * @param ttftP50 median time to first token, from arrival
   * @param ttftHigh at the class's attainment quantile
   * @param tpotP50 median time per output token
   * @param tpotHigh at the class's attainment quantile
   * @param meets probability of meeting every target, 0 to 1
   */
  record Prediction(
      double ttftP50, double ttftHigh, double tpotP50, double tpotHigh, double meets) {}

  /**
   * A promise that could be made instead: targets in seconds that would be met with {@code meets}.
   */
  record Offer(String variant, double ttft, double tpot, @Nullable Double quality, double meets) {}
}
