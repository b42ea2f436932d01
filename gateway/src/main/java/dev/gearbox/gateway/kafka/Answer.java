package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.stream.Opening;
import org.jspecify.annotations.Nullable;

/**
 * What the line made of a request.
 *
 * @param body the answer as the API gives it, JSON; null when there is none
 * @param refusal why there is none; null when there is one
 * @param opening who answered; null when nobody did
 * @param prompt tokens of the prompts
 * @param generated tokens of the answers
 * @param ttftNanos from being taken up to the first token; 0 without one
 * @param totalNanos from being taken up to the end
 */
record Answer(
    @Nullable String body,
    @Nullable Refusal refusal,
    @Nullable Opening opening,
    int prompt,
    int generated,
    long ttftNanos,
    long totalNanos) {

  /** One that was never given to the line. */
  static Answer refused(Refusal refusal) {
    return new Answer(null, refusal, null, 0, 0, 0, 0);
  }

  int status() {
    return refusal == null ? 200 : refusal.status();
  }
}
