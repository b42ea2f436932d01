package dev.gearbox.gateway.stream;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.RateStatus;
import dev.gearbox.gateway.api.Refusal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Gathers the events of a request that is not streamed into one answer. Not thread-safe. */
public final class WholeAnswer {
  private static final byte[] NONE = {};

  private final InferenceRequest request;
  private final Envelope envelope;
  private final Usage usage;
  private final List<Choice> choices = new ArrayList<>();
  private @Nullable RateStatus rates;
  private @Nullable Opening opening;
  private @Nullable Refusal refusal;

  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    final List<TokenEvent.Token> tokens = new ArrayList<>();
    TokenEvent.@Nullable Finished end;
  }

  /**
   * Of one request.
   *
   * @param created seconds since 1970
   */
  public WholeAnswer(InferenceRequest request, long created) {
    this.request = request;
    this.envelope = new Envelope(request, created);
    this.usage = new Usage(request.n());
    for (int i = 0; i < request.sequences(); i++) {
      Choice choice = new Choice();
      if (!request.echo().isEmpty()) {
        choice.text.append(request.echo().get(i / request.n()));
      }
      choices.add(choice);
    }
  }

  public void add(LineEvent event) {
    switch (event) {
      case LineEvent.Entered(RateStatus left) -> rates = left;
      case LineEvent.Opened(Opening opened) -> {
        opening = opened;
        envelope.fingerprint(opened.fingerprint());
        usage.opened(opened);
      }
      case LineEvent.Token(int index, TokenEvent.Token token) -> {
        choices.get(index).text.append(token.text());
        if (token.logprob() != null || request.tokenIds()) {
          choices.get(index).tokens.add(token);
        }
      }
      case LineEvent.Ended ended -> {
        choices.get(ended.index()).text.append(ended.end().text());
        choices.get(ended.index()).end = ended.end();
        usage.add(ended);
      }
      case LineEvent.Refused(Refusal refused) -> refusal = refused;
    }
  }

  /** What the tenant has left; null when it is not limited. */
  public @Nullable RateStatus rates() {
    return rates;
  }

  /** Who answered; null when nobody did. */
  public @Nullable Opening opening() {
    return opening;
  }

  /** Why there is no whole answer; null when there is one. */
  public @Nullable Refusal refusal() {
    boolean whole = choices.stream().allMatch(choice -> choice.end != null);
    return refusal != null || whole
        ? refusal
        : Refusal.of(ErrorCode.INTERNAL_ERROR, "the answer ended before its end");
  }

  /** The answer as JSON. */
  public byte[] json() {
    return envelope.json(
        request.kind().object(),
        NONE,
        NONE,
        json -> {
          json.writeArrayPropertyStart("choices");
          for (int i = 0; i < choices.size(); i++) {
            choice(json, i, choices.get(i));
          }
          json.writeEndArray();
          usage.write(json);
          TokenEvent.Finished first = choices.getFirst().end;
          if (first != null && request.timings()) {
            Timings.write(json, first);
          }
        });
  }

  private void choice(JsonGenerator json, int index, Choice choice) {
    json.writeStartObject();
    json.writeNumberProperty("index", index);
    if (request.kind() == AnswerKind.COMPLETION) {
      json.writeStringProperty("text", choice.text.toString());
    } else {
      json.writeObjectPropertyStart("message");
      json.writeStringProperty("role", "assistant");
      json.writeStringProperty("content", choice.text.toString());
      json.writeNullProperty("refusal");
      json.writeEndObject();
    }
    int offset = request.echo().isEmpty() ? 0 : request.echo().get(index / request.n()).length();
    LogprobsJson.write(json, request, choice.tokens, offset);
    if (request.tokenIds()) {
      json.writeArrayPropertyStart("token_ids");
      choice.tokens.forEach(token -> json.writeNumber(token.id()));
      json.writeEndArray();
    }
    TokenEvent.Finished end = choice.end;
    json.writeStringProperty("finish_reason", end == null ? null : Envelope.word(end.reason()));
    json.writeEndObject();
  }
}
