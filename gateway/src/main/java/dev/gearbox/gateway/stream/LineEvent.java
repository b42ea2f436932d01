package dev.gearbox.gateway.stream;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.gateway.api.RateStatus;
import dev.gearbox.gateway.api.Refusal;

/**
 * What the line says about one request, in this order: {@link Entered} where its tenant is limited,
 * an {@link Opened} for each engine that is asked, the last of them answers, then tokens and ends
 * of its answers, with an {@link Opened} between them where another engine goes on; or, at any time
 * and last, {@link Refused}.
 */
public sealed interface LineEvent {

  /** It was counted, whether it was let in or not: this is what its tenant has left. */
  record Entered(RateStatus rates) implements LineEvent {}

  /** It was decided and given to an engine. */
  record Opened(Opening opening) implements LineEvent {}

  /** One token of the answer with this index. */
  record Token(int index, TokenEvent.Token token) implements LineEvent {}

  /** The answer with this index is complete. */
  record Ended(int index, TokenEvent.Finished end) implements LineEvent {}

  /** It will not be answered, or not be answered further. */
  record Refused(Refusal refusal) implements LineEvent {}
}
