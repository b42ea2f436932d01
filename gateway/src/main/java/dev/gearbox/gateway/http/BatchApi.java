package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.batch.Batch;
import dev.gearbox.gateway.batch.Batches;
import dev.gearbox.gateway.batch.StoredFile;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /files} and {@code /batches}: nothing in here waits for a disk on a reactor's thread. */
final class BatchApi {
  private static final Logger LOG = LoggerFactory.getLogger(BatchApi.class);
  private static final int MOST_LISTED = 100;
  private static final int MOST_METADATA = 16;
  private static final int PIECE = 64 * 1024;
  private static final Duration BUSY = Duration.ofSeconds(2);

  private final Batches batches;
  private final Scheduler disk;
  private final BodyReader bodies;
  private final FileUpload uploads;

  /** Where routes go. */
  @FunctionalInterface
  interface Adding {
    void add(
        HttpMethod method,
        String path,
        BiFunction<ServerRequest, Caller, Mono<ServerResponse>> handler);
  }

  /**
   * Serves batches.
   *
   * @param disk threads that may wait for it
   */
  BatchApi(Batches batches, Scheduler disk, BodyReader bodies) {
    this.batches = batches;
    this.disk = disk;
    this.bodies = bodies;
    this.uploads = new FileUpload(batches, disk);
  }

  void routes(String base, Adding routes) {
    String file = base + "/files/{id}";
    String batch = base + "/batches/{id}";
    routes.add(HttpMethod.POST, base + "/files", this::upload);
    routes.add(HttpMethod.GET, base + "/files", this::files);
    routes.add(HttpMethod.GET, file, this::file);
    routes.add(HttpMethod.DELETE, file, this::delete);
    routes.add(HttpMethod.GET, file + "/content", this::content);
    routes.add(HttpMethod.POST, base + "/batches", this::create);
    routes.add(HttpMethod.GET, base + "/batches", this::list);
    routes.add(HttpMethod.GET, batch, this::batch);
    routes.add(HttpMethod.POST, batch + "/cancel", this::cancel);
  }

  /** The database of batches as it is at this moment, for {@code gearbox backup}. */
  Mono<ServerResponse> snapshot() {
    return orTrouble(
        Mono.fromCallable(batches::snapshot)
            .subscribeOn(disk)
            .flatMap(zip ->
                ServerResponse.ok()
                    .contentType(MediaType.APPLICATION_OCTET_STREAM)
                    .bodyValue(zip)));
  }

  private Mono<ServerResponse> upload(ServerRequest request, Caller caller) {
    return reply(uploads.take(request, caller).map(result -> json(result, BatchJson::file)));
  }

  private Mono<ServerResponse> files(ServerRequest request, Caller caller) {
    return listed(
        request,
        (after, most) ->
            BatchJson.list(
                batches.files(caller, request.queryParam("purpose").orElse(null), after, most + 1),
                most,
                StoredFile::id,
                BatchJson::file));
  }

  private Mono<ServerResponse> list(ServerRequest request, Caller caller) {
    return listed(
        request,
        (after, most) -> {
          List<Batch> live = new ArrayList<>();
          for (Batch each : batches.list(caller, after, most + 1)) {
            Batch now = batches.batch(caller, each.id());
            live.add(now == null ? each : now);
          }
          return BatchJson.list(live, most, Batch::id, this::json);
        });
  }

  private interface Listing {
    byte[] list(@Nullable String after, int most) throws IOException;
  }

  private Mono<ServerResponse> listed(ServerRequest request, Listing listing) {
    int most;
    try {
      most = Integer.parseInt(request.queryParam("limit").orElse("20"));
    } catch (NumberFormatException e) {
      most = -1;
    }
    if (most < 1 || most > 100 * MOST_LISTED) {
      return Replies.error(Refusal.invalid("limit", "limit must be 1 to " + 100 * MOST_LISTED));
    }
    int bounded = Math.min(most, MOST_LISTED);
    String after = request.queryParam("after").orElse(null);
    return waiting(() -> Result.ok(listing.list(after, bounded)));
  }

  private Mono<ServerResponse> file(ServerRequest request, Caller caller) {
    return waiting(() ->
        found(caller, request.pathVariable("id"))
            .fold(file -> Result.ok(BatchJson.file(file)), Result::refused));
  }

  private Result<StoredFile> found(Caller caller, String id) throws IOException {
    StoredFile file = batches.file(caller, id);
    return file == null ? Result.refused(Batches.unknown("file", id)) : Result.ok(file);
  }

  private Mono<ServerResponse> delete(ServerRequest request, Caller caller) {
    String id = request.pathVariable("id");
    return waiting(() -> json(batches.delete(caller, id), file -> BatchJson.deleted(file.id())));
  }

  private Mono<ServerResponse> content(ServerRequest request, Caller caller) {
    String id = request.pathVariable("id");
    return orTrouble(
        Mono.fromCallable(() -> found(caller, id))
            .subscribeOn(disk)
            .flatMap(found ->
                found.fold(
                    file ->
                        ServerResponse.ok()
                            .contentType(MediaType.APPLICATION_OCTET_STREAM)
                            .contentLength(file.bytes())
                            .body(bytes(file), DataBuffer.class),
                    Replies::error)));
  }

  private Flux<DataBuffer> bytes(StoredFile file) {
    return DataBufferUtils.readInputStream(
            () -> batches.content(file), DefaultDataBufferFactory.sharedInstance, PIECE)
        .subscribeOn(disk);
  }

  private Mono<ServerResponse> create(ServerRequest request, Caller caller) {
    return bodies
        .read(request)
        .flatMap(read -> read.fold(body -> waiting(() -> create(caller, body)), Replies::error));
  }

  private Result<byte[]> create(Caller caller, ObjectNode body) throws IOException {
    for (String name : List.of("input_file_id", "endpoint", "completion_window")) {
      JsonNode value = body.get(name);
      if (value == null || !value.isString()) {
        return Result.refused(Refusal.invalid(name, name + " is required: a string"));
      }
    }
    Map<String, String> metadata = new TreeMap<>();
    JsonNode given = body.get("metadata");
    if (given != null && !given.isNull()) {
      if (!(given instanceof ObjectNode object)
          || object.size() > MOST_METADATA
          || !object.properties().stream().allMatch(each -> each.getValue().isString())) {
        return Result.refused(
            Refusal.invalid("metadata", "metadata must be an object of up to 16 strings"));
      }
      object
          .properties()
          .forEach(each -> metadata.put(each.getKey(), each.getValue().stringValue()));
    }
    Batches.Wanted wanted =
        new Batches.Wanted(
            body.get("input_file_id").stringValue(),
            body.get("endpoint").stringValue(),
            body.get("completion_window").stringValue(),
            metadata);
    return json(batches.create(caller, wanted), this::json);
  }

  private Mono<ServerResponse> batch(ServerRequest request, Caller caller) {
    String id = request.pathVariable("id");
    return waiting(() -> {
      Batch batch = batches.batch(caller, id);
      return batch == null ? Result.refused(Batches.unknown("batch", id)) : Result.ok(json(batch));
    });
  }

  private Mono<ServerResponse> cancel(ServerRequest request, Caller caller) {
    String id = request.pathVariable("id");
    return waiting(() -> json(batches.cancel(caller, id), this::json));
  }

  private byte[] json(Batch batch) {
    try {
      return BatchJson.batch(
          batch,
          batches.has(batch, batch.outputFile()) ? batch.outputFile() : null,
          batches.has(batch, batch.errorFile()) ? batch.errorFile() : null);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static <T> Result<byte[]> json(
      Result<T> result, java.util.function.Function<T, byte[]> as) {
    return result.fold(value -> Result.ok(as.apply(value)), Result::refused);
  }

  /** The answer of something that waits for the disk. */
  private Mono<ServerResponse> waiting(Callable<Result<byte[]>> work) {
    return reply(Mono.fromCallable(work).subscribeOn(disk));
  }

  private static Mono<ServerResponse> reply(Mono<Result<byte[]>> result) {
    return orTrouble(
        result.flatMap(made -> made.fold(json -> Replies.json(200, json), Replies::error)));
  }

  private static Mono<ServerResponse> orTrouble(Mono<ServerResponse> answer) {
    return answer
        .onErrorResume(IOException.class, BatchApi::broken)
        .onErrorResume(java.io.UncheckedIOException.class, BatchApi::broken)
        .onErrorResume(RejectedExecutionException.class, BatchApi::busy);
  }

  /** What the disk says names folders, which are for the log alone. */
  private static Mono<ServerResponse> broken(Throwable e) {
    LOG.error("event=batch-storage-failed reason=\"{}\"", e.toString());
    String message = "files and batches cannot be kept at the moment";
    return Replies.error(Refusal.later(ErrorCode.OVERLOADED, message, BUSY));
  }

  private static Mono<ServerResponse> busy(Throwable e) {
    return Replies.error(Refusal.later(ErrorCode.OVERLOADED, "many wait for the disk", BUSY));
  }
}
