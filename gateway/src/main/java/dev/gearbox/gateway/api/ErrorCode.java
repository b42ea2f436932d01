package dev.gearbox.gateway.api;

/** The errors of the API: what {@code error.code} says, its HTTP status and {@code error.type}. */
public enum ErrorCode {
  INVALID_REQUEST_ERROR(400, "invalid_request_error"),
  CONTEXT_LENGTH_EXCEEDED(400, "invalid_request_error"),
  INVALID_API_KEY(401, "invalid_request_error"),
  PERMISSION_DENIED(403, "permission_denied"),
  NOT_FOUND(404, "invalid_request_error"),
  MODEL_NOT_FOUND(404, "invalid_request_error"),
  METHOD_NOT_ALLOWED(405, "invalid_request_error"),
  REQUEST_TIMEOUT(408, "timeout_error"),
  REQUEST_TOO_LARGE(413, "invalid_request_error"),
  UNSUPPORTED_MEDIA_TYPE(415, "invalid_request_error"),
  RATE_LIMIT_EXCEEDED(429, "rate_limit_error"),
  SLO_UNATTAINABLE(429, "rate_limit_error"),
  INTERNAL_ERROR(500, "server_error"),
  ENGINE_FAILED(502, "server_error"),
  OVERLOADED(503, "overloaded_error"),
  NO_ENGINE(503, "server_error"),
  DEADLINE_EXCEEDED(504, "timeout_error");

  private final int status;
  private final String type;

  ErrorCode(int status, String type) {
    this.status = status;
    this.type = type;
  }

  public int status() {
    return status;
  }

  public String type() {
    return type;
  }

  /** As clients read it. */
  public String code() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
