package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.JsonBody;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.node.ObjectNode;

/**
 * Takes the JSON object of a request's body, up to a size and while there is room for it, parsing
 * large ones off the reactor.
 */
final class BodyReader {
  private static final int SMALL = 64 * 1024;

  private static final Duration BUSY = Duration.ofSeconds(2);

  private final int limit;
  private final BodyRoom room;
  private final Scheduler workers;

  BodyReader(int limit, BodyRoom room, Scheduler workers) {
    this.limit = (int) Math.min(limit, room.largest());
    this.room = room;
    this.workers = workers;
  }

  Mono<Result<ObjectNode>> read(ServerRequest request) {
    Refusal unreadable = unreadable(request.headers().asHttpHeaders());
    if (unreadable != null) {
      return Mono.just(Result.refused(unreadable));
    }
    Flux<DataBuffer> body = request.body(BodyExtractors.toDataBuffers());
    long declared = request.headers().asHttpHeaders().getContentLength();
    if (!room.take(request.exchange(), Math.max(0, declared))) {
      // A client that still writes would not read the answer.
      return body.doOnNext(DataBufferUtils::release).then(Mono.just(Result.refused(full())));
    }
    return DataBufferUtils.join(declared < 0 ? taking(body, request) : body, limit)
        .map(BodyReader::bytes)
        .defaultIfEmpty(new byte[0])
        .flatMap(this::parse)
        .onErrorResume(DataBufferLimitException.class, e -> Mono.just(Result.refused(tooLarge())))
        .onErrorResume(NoRoom.class, e -> Mono.just(Result.refused(full())));
  }

  /** A body of which nobody said how long it is takes room piece by piece. */
  private Flux<DataBuffer> taking(Flux<DataBuffer> body, ServerRequest request) {
    return body.doOnNext(piece -> {
      if (!room.take(request.exchange(), piece.readableByteCount())) {
        DataBufferUtils.release(piece);
        throw new NoRoom();
      }
    });
  }

  private static final class NoRoom extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoRoom() {
      super("no room for the body", null, false, false);
    }
  }

  private static Refusal full() {
    return Refusal.later(
        ErrorCode.OVERLOADED,
        "many large requests are in progress: there is no room for more",
        BUSY);
  }

  private Mono<Result<ObjectNode>> parse(byte[] bytes) {
    return bytes.length <= SMALL
        ? Mono.just(JsonBody.read(bytes))
        : Mono.fromCallable(() -> JsonBody.read(bytes)).subscribeOn(workers);
  }

  private @Nullable Refusal unreadable(org.springframework.http.HttpHeaders headers) {
    String type = headers.getFirst("content-type");
    if (type != null && !isJson(type)) {
      return Refusal.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "content-type must be application/json");
    }
    String encoding = headers.getFirst("content-encoding");
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      return Refusal.of(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken: send it as it is");
    }
    return headers.getContentLength() > limit ? tooLarge() : null;
  }

  private static boolean isJson(String type) {
    String media = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return media.equals("application/json") || media.endsWith("+json");
  }

  private Refusal tooLarge() {
    return Refusal.of(ErrorCode.REQUEST_TOO_LARGE, "the body may have up to " + limit + " bytes");
  }

  private static byte[] bytes(DataBuffer buffer) {
    try {
      byte[] bytes = new byte[buffer.readableByteCount()];
      buffer.read(bytes);
      return bytes;
    } finally {
      DataBufferUtils.release(buffer);
    }
  }
}
