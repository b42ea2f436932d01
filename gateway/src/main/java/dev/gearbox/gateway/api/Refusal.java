package dev.gearbox.gateway.api;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.policy.decide.Decision;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a request is not (or no longer) answered.
 *
 * @param status HTTP status
 * @param type {@code error.type}
 * @param code {@code error.code}
 * @param message for the client: what was expected and what came
 * @param param field or header at fault; null when it is none
 * @param retryAfter when asking again helps; null when it does not
 * @param offers the nearest promises that could be made
 * @param decisionId record of the decision that refused; null when there was none
 */
public record Refusal(
    int status,
    String type,
    String code,
    String message,
    @Nullable String param,
    @Nullable Duration retryAfter,
    List<Decision.Offer> offers,
    @Nullable String decisionId) {
  private static final int MAX_NAME = 100;

  public Refusal {
    offers = List.copyOf(offers);
  }

  public static Refusal of(ErrorCode code, String message) {
    return of(code, message, null, null);
  }

  /** A refusal that waiting cures. */
  public static Refusal later(ErrorCode code, String message, Duration retryAfter) {
    return of(code, message, null, retryAfter);
  }

  /** A 400 that names the field or header. */
  public static Refusal invalid(@Nullable String param, String message) {
    return of(ErrorCode.INVALID_REQUEST_ERROR, message, param, null);
  }

  /** A 404 that says which model was asked for. */
  public static Refusal unknownModel(String name) {
    String shown = name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "…";
    return of(
        ErrorCode.MODEL_NOT_FOUND,
        "there is no model '" + shown + "'; GET /v1/models lists them",
        "model",
        null);
  }

  public static Refusal of(
      ErrorCode code, String message, @Nullable String param, @Nullable Duration retryAfter) {
    return new Refusal(
        code.status(), code.type(), code.code(), message, param, retryAfter, List.of(), null);
  }

  /** Whether another engine might not refuse. */
  public boolean elsewhere() {
    return code.equals(ErrorCode.OVERLOADED.code()) || code.equals(ErrorCode.ENGINE_FAILED.code());
  }

  /** What the policy said no to. */
  public static Refusal of(Decision.Refuse refuse) {
    String type =
        switch (refuse.status()) {
          case 429 -> ErrorCode.RATE_LIMIT_EXCEEDED.type();
          case 503 -> ErrorCode.NO_ENGINE.type();
          case 504 -> ErrorCode.DEADLINE_EXCEEDED.type();
          default -> ErrorCode.INVALID_REQUEST_ERROR.type();
        };
    return new Refusal(
        refuse.status(),
        type,
        refuse.code(),
        refuse.message(),
        refuse.param(),
        refuse.retryAfter(),
        refuse.offers(),
        refuse.id());
  }

  /** What an engine could not do. */
  public static Refusal of(TokenEvent.Failed failed) {
    return switch (failed.code()) {
      case CONTEXT_LENGTH_EXCEEDED -> of(ErrorCode.CONTEXT_LENGTH_EXCEEDED, failed.message());
      case OVERLOADED -> later(ErrorCode.OVERLOADED, failed.message(), Duration.ofSeconds(1));
      case DEADLINE_EXCEEDED -> of(ErrorCode.DEADLINE_EXCEEDED, failed.message());
      case ENGINE_FAILED -> of(ErrorCode.ENGINE_FAILED, failed.message());
    };
  }
}
