package dev.gearbox.gateway.stream;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * The server-sent events of one stream. A stream ends in {@code [DONE]} after every answer ended,
 * or in one error event; never in both. Not thread-safe: the events of a line come one by one.
 */
public final class StreamFrames {
  /** Shows a waiting client, and what is between, that the stream lives. */
  public static final byte[] KEEP_ALIVE = bytes(": keep-alive\n\n");

  private static final byte[] DATA = bytes("data: ");
  private static final byte[] END = bytes("\n\n");
  private static final byte[] DONE = bytes("data: [DONE]\n\n");

  private final InferenceRequest request;
  private final Envelope envelope;
  private final Usage usage;
  private final boolean[] begun;
  private final int[] length;
  private int left;

  /**
   * Of one request.
   *
   * @param created seconds since 1970
   */
  public StreamFrames(InferenceRequest request, long created) {
    this.request = request;
    this.envelope = new Envelope(request, created);
    this.usage = new Usage(request.n());
    this.begun = new boolean[request.sequences()];
    this.length = new int[request.sequences()];
    this.left = request.sequences();
  }

  /** What this event adds to the stream, one array for each server-sent event. */
  public List<byte[]> of(LineEvent event) {
    List<byte[]> frames = new ArrayList<>(2);
    switch (event) {
      case LineEvent.Entered ignored -> {}
      case LineEvent.Opened(Opening opening) -> {
        envelope.fingerprint(opening.fingerprint());
        usage.opened(opening);
      }
      case LineEvent.Token(int index, TokenEvent.Token token) -> token(frames, index, token);
      case LineEvent.Ended ended -> ended(frames, ended);
      case LineEvent.Refused(Refusal refusal) -> frames.add(error(refusal));
    }
    return frames;
  }

  /**
   * How far the prompt is, by the names of llama-server; what was found in a cache counts as
   * processed.
   *
   * @param millis since the request came
   */
  public List<byte[]> progress(Engine.Prefill prefill, long millis) {
    List<byte[]> frames = new ArrayList<>(2);
    begin(frames, 0);
    frames.add(
        chunk(
            0,
            null,
            this::nothing,
            json -> {
              json.writeObjectPropertyStart("prompt_progress");
              json.writeNumberProperty("total", prefill.of());
              json.writeNumberProperty("cache", prefill.cached());
              json.writeNumberProperty("processed", prefill.done());
              json.writeNumberProperty("time_ms", millis);
              json.writeEndObject();
            }));
    return frames;
  }

  private void token(List<byte[]> frames, int index, TokenEvent.Token token) {
    begin(frames, index);
    if (!token.text().isEmpty() || token.logprob() != null || request.tokenIds()) {
      frames.add(content(index, token.text(), List.of(token)));
    }
  }

  private void ended(List<byte[]> frames, LineEvent.Ended ended) {
    int index = ended.index();
    begin(frames, index);
    if (!ended.end().text().isEmpty()) {
      frames.add(content(index, ended.end().text(), List.of()));
    }
    frames.add(
        chunk(
            index,
            Envelope.word(ended.end().reason()),
            this::nothing,
            json -> {
              if (request.timings()) {
                Timings.write(json, ended.end());
              }
            }));
    usage.add(ended);
    left--;
    if (left == 0) {
      if (request.includeUsage()) {
        frames.add(usageChunk());
      }
      frames.add(DONE);
    }
  }

  private void begin(List<byte[]> frames, int index) {
    if (begun[index]) {
      return;
    }
    begun[index] = true;
    if (request.kind() == AnswerKind.CHAT) {
      frames.add(
          chunk(
              index,
              json -> {
                json.writeObjectPropertyStart("delta");
                json.writeStringProperty("role", "assistant");
                json.writeStringProperty("content", "");
                json.writeEndObject();
                json.writeNullProperty("logprobs");
              }));
    } else if (!request.echo().isEmpty()) {
      frames.add(content(index, request.echo().get(index / request.n()), List.of()));
    }
  }

  private byte[] content(int index, String text, List<TokenEvent.Token> tokens) {
    int offset = length[index];
    length[index] += text.length();
    return chunk(
        index,
        json -> {
          if (request.kind() == AnswerKind.COMPLETION) {
            json.writeStringProperty("text", text);
          } else {
            json.writeObjectPropertyStart("delta");
            json.writeStringProperty("content", text);
            json.writeEndObject();
          }
          LogprobsJson.write(json, request, tokens, offset);
          if (request.tokenIds() && !tokens.isEmpty()) {
            json.writeArrayPropertyStart("token_ids");
            tokens.forEach(token -> json.writeNumber(token.id()));
            json.writeEndArray();
          }
        });
  }

  /** Fields of a choice that adds nothing to the answer. */
  private void nothing(JsonGenerator json) {
    if (request.kind() == AnswerKind.COMPLETION) {
      json.writeStringProperty("text", "");
    } else {
      json.writeObjectPropertyStart("delta");
      json.writeEndObject();
    }
    json.writeNullProperty("logprobs");
  }

  private byte[] chunk(int index, Consumer<JsonGenerator> fields) {
    return chunk(index, null, fields, json -> {});
  }

  /**
   * One chunk.
   *
   * @param fields of its choice
   * @param more beside the choice
   */
  private byte[] chunk(
      int index,
      @Nullable String finish,
      Consumer<JsonGenerator> fields,
      Consumer<JsonGenerator> more) {
    return envelope.json(
        request.kind().chunkObject(),
        DATA,
        END,
        json -> {
          json.writeArrayPropertyStart("choices");
          json.writeStartObject();
          json.writeNumberProperty("index", index);
          fields.accept(json);
          json.writeStringProperty("finish_reason", finish);
          json.writeEndObject();
          json.writeEndArray();
          if (request.includeUsage()) {
            json.writeNullProperty("usage");
          }
          more.accept(json);
        });
  }

  private byte[] usageChunk() {
    return envelope.json(
        request.kind().chunkObject(),
        DATA,
        END,
        json -> {
          json.writeArrayPropertyStart("choices");
          json.writeEndArray();
          usage.write(json);
        });
  }

  private static byte[] error(Refusal refusal) {
    byte[] json = ErrorJson.bytes(refusal);
    byte[] frame = new byte[DATA.length + json.length + END.length];
    System.arraycopy(DATA, 0, frame, 0, DATA.length);
    System.arraycopy(json, 0, frame, DATA.length, json.length);
    System.arraycopy(END, 0, frame, DATA.length + json.length, END.length);
    return frame;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
