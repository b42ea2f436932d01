package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.JsonBody;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.node.ObjectNode;

/** Takes the JSON object of a request's body, up to a size, parsing large ones off the reactor. */
final class BodyReader {
  private static final int SMALL = 64 * 1024;

  private final int limit;
  private final Scheduler workers;

  BodyReader(int limit, Scheduler workers) {
    this.limit = limit;
    this.workers = workers;
  }

  Mono<Result<ObjectNode>> read(ServerRequest request) {
    Refusal unreadable = unreadable(request.headers().asHttpHeaders());
    if (unreadable != null) {
      return Mono.just(Result.refused(unreadable));
    }
    return DataBufferUtils.join(request.body(BodyExtractors.toDataBuffers()), limit)
        .map(BodyReader::bytes)
        .defaultIfEmpty(new byte[0])
        .flatMap(this::parse)
        .onErrorResume(DataBufferLimitException.class, e -> Mono.just(Result.refused(tooLarge())));
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
