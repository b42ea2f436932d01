package dev.gearbox.gateway.quality;

import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.gateway.stream.Opening;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One answer as its client sees it come. The line's signals are ordered, so plain fields do. */
final class Answered {
  private final InferenceRequest request;
  private final StringBuilder text = new StringBuilder();
  private final IntStream.Builder ids = IntStream.builder();
  private @Nullable Opening opening;
  private boolean complete;

  Answered(InferenceRequest request) {
    this.request = request;
  }

  void saw(LineEvent event) {
    switch (event) {
      case LineEvent.Opened(Opening by) -> opening = by;
      case LineEvent.Token(int index, TokenEvent.Token token) -> {
        text.append(token.text());
        ids.add(token.id());
      }
      case LineEvent.Ended(int index, TokenEvent.Finished end) -> {
        text.append(end.text());
        complete = true;
      }
      case LineEvent.Entered ignored -> {}
      case LineEvent.Refused ignored -> {}
    }
  }

  /**
   * What there is to audit; null where several engines made it, or there is nothing.
   *
   * @param untilNanos after which it is no longer audited
   */
  @Nullable Case toAudit(long untilNanos) {
    Opening by = opening;
    if (by == null || !complete || text.isEmpty() || !by.begunBy().isEmpty()) {
      return null;
    }
    return new Case(
        request.id(),
        by.variant(),
        by.engine(),
        request.prompts().getFirst(),
        text.toString(),
        TokenIds.of(ids.build().toArray()),
        request.caller().cacheSalt(),
        unbent(request.sampling()),
        untilNanos);
  }

  /**
   * An answer to audit.
   *
   * @param tokens of the answer, in the vocabulary of who gave it
   * @param unbent whether its tokens were drawn from the variant's own distribution
   * @param untilNanos after which it is no longer audited
   */
  record Case(
      String id,
      String variant,
      String engine,
      Prompt prompt,
      String text,
      TokenIds tokens,
      String cacheSalt,
      boolean unbent,
      long untilNanos) {}

  private static boolean unbent(SamplingSpec spec) {
    return spec.temperature() == 1
        && spec.topK() == 0
        && spec.topP() == 1
        && spec.minP() == 0
        && spec.presencePenalty() == 0
        && spec.frequencyPenalty() == 0
        && spec.repetitionPenalty() == 1
        && spec.logitBias().isEmpty();
  }
}
