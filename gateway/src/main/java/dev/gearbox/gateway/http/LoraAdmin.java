package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.dispatch.LoraAdapters;
import dev.gearbox.workshop.AdapterFile;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Loads and unloads adapters while requests run, by the endpoints and words of vLLM. */
final class LoraAdmin {
  private static final int LIMIT = 1 << 16;

  private final LoraAdapters adapters;

  LoraAdmin(LoraAdapters adapters) {
    this.adapters = adapters;
  }

  /** {@code {"lora_name", "lora_path", "base_model_name"}}, the last where several bases run. */
  Mono<ServerResponse> load(ServerRequest request) {
    return body(request, this::load);
  }

  private Mono<ServerResponse> load(JsonNode body) {
    String name = text(body, "lora_name");
    String path = text(body, "lora_path");
    if (name == null || path == null) {
      String missing = name == null ? "lora_name" : "lora_path";
      return Replies.error(
          Refusal.invalid(missing, "Both 'lora_name' and 'lora_path' must be provided."));
    }
    AdapterFile file;
    try {
      file = new AdapterFile(Path.of(path.replaceFirst("^file:", "")), 1);
    } catch (InvalidPathException e) {
      return Replies.error(Refusal.invalid("lora_path", "lora_path is no path: " + path));
    }
    String base = text(body, "base_model_name");
    String done = "Success: LoRA adapter '" + name + "' added successfully.";
    return answer(Mono.fromCallable(() -> adapters.load(name, file, base)), done);
  }

  /** {@code {"lora_name"}}. */
  Mono<ServerResponse> unload(ServerRequest request) {
    return body(request, this::unload);
  }

  private Mono<ServerResponse> unload(JsonNode body) {
    String name = text(body, "lora_name");
    if (name == null) {
      return Replies.error(
          Refusal.invalid("lora_name", "'lora_name' needs to be provided to unload an adapter."));
    }
    String done = "Success: LoRA adapter '" + name + "' removed successfully.";
    return answer(Mono.fromCallable(() -> adapters.unload(name)), done);
  }

  private static Mono<ServerResponse> answer(Mono<Optional<Refusal>> work, String done) {
    // Files are read and copied, for as long as that takes.
    return work.subscribeOn(Schedulers.boundedElastic())
        .flatMap(refusal ->
            refusal.isPresent()
                ? Replies.error(refusal.get())
                : ServerResponse.ok().contentType(MediaType.TEXT_PLAIN).bodyValue(done));
  }

  private static @Nullable String text(JsonNode body, String field) {
    JsonNode value = body.get(field);
    return value == null || !value.isString() || value.asString().isBlank()
        ? null
        : value.asString();
  }

  private static Mono<ServerResponse> body(
      ServerRequest request, Function<JsonNode, Mono<ServerResponse>> then) {
    return DataBufferUtils.join(request.body(BodyExtractors.toDataBuffers()), LIMIT)
        .map(buffer -> {
          byte[] bytes = new byte[buffer.readableByteCount()];
          buffer.read(bytes);
          DataBufferUtils.release(buffer);
          return bytes;
        })
        .defaultIfEmpty(new byte[0])
        .flatMap(bytes -> parsed(bytes, then))
        .onErrorResume(
            DataBufferLimitException.class,
            e ->
                Replies.error(Refusal.invalid(null, "the body has more than " + LIMIT + " bytes")));
  }

  private static Mono<ServerResponse> parsed(
      byte[] bytes, Function<JsonNode, Mono<ServerResponse>> then) {
    JsonNode body;
    try {
      body = JsonMapper.shared().readTree(bytes);
    } catch (JacksonException e) {
      return Replies.error(Refusal.invalid(null, "the body is no JSON: " + e.getOriginalMessage()));
    }
    return body.isObject()
        ? then.apply(body)
        : Replies.error(Refusal.invalid(null, "the body must be a JSON object"));
  }
}
