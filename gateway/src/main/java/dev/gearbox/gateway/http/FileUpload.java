package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.batch.Batches;
import dev.gearbox.gateway.batch.StoredFile;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.codec.multipart.FilePartEvent;
import org.springframework.http.codec.multipart.FormPartEvent;
import org.springframework.http.codec.multipart.PartEvent;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.ServerWebInputException;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** Takes an uploaded file, in the order that it comes, from the socket to the disk. */
final class FileUpload {
  private static final int MAX_NAME = 256;

  private final Batches batches;
  private final Scheduler disk;

  FileUpload(Batches batches, Scheduler disk) {
    this.batches = batches;
    this.disk = disk;
  }

  /** The fields of one upload. Its events come one by one. */
  private final class Upload implements AutoCloseable {
    final Batches.Upload bytes;
    boolean file;
    String name = "";
    String purpose = "";

    Upload() throws IOException {
      bytes = batches.upload();
    }

    void take(PartEvent event) {
      DataBuffer buffer = event.content();
      try {
        if (event instanceof FormPartEvent form && event.name().equals("purpose")) {
          purpose = form.value();
        } else if (event instanceof FilePartEvent named && event.name().equals("file")) {
          file = true;
          name = named.filename();
          write(buffer);
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      } finally {
        DataBufferUtils.release(buffer);
      }
    }

    private void write(DataBuffer buffer) throws IOException {
      if (bytes.bytes() + buffer.readableByteCount() > batches.maxBytes()) {
        throw new DataBufferLimitException("too large");
      }
      try (DataBuffer.ByteBufferIterator pieces = buffer.readableByteBuffers()) {
        while (pieces.hasNext()) {
          bytes.write(pieces.next());
        }
      }
    }

    @Override
    public void close() {
      bytes.close();
    }
  }

  Mono<Result<StoredFile>> take(ServerRequest request, Caller caller) {
    MediaType type = request.headers().contentType().orElse(null);
    if (type == null || !type.isCompatibleWith(MediaType.MULTIPART_FORM_DATA)) {
      return Mono.just(
          Result.refused(
              Refusal.of(
                  ErrorCode.UNSUPPORTED_MEDIA_TYPE, "content-type must be multipart/form-data")));
    }
    return Mono.using(
            Upload::new,
            upload ->
                request
                    .bodyToFlux(PartEvent.class)
                    .publishOn(disk, 4)
                    .doOnNext(upload::take)
                    .doOnDiscard(PartEvent.class, event -> DataBufferUtils.release(event.content()))
                    .then(Mono.fromCallable(() -> finished(upload, caller))),
            Upload::close)
        .subscribeOn(disk)
        .onErrorResume(DataBufferLimitException.class, e -> Mono.just(Result.refused(tooLarge())))
        .onErrorResume(
            e -> e instanceof DecodingException || e instanceof ServerWebInputException,
            e -> Mono.just(Result.refused(Refusal.invalid(null, "the multipart body is broken"))));
  }

  private Result<StoredFile> finished(Upload upload, Caller caller) throws IOException {
    Refusal wrong = wrong(upload);
    return wrong != null
        ? Result.refused(wrong)
        : Result.ok(batches.add(upload.bytes, caller, upload.name));
  }

  private static @Nullable Refusal wrong(Upload upload) {
    if (!upload.file) {
      return Refusal.invalid("file", "file is required: a part of that name with a file name");
    }
    if (upload.name.length() > MAX_NAME) {
      return Refusal.invalid("file", "a file name may have up to " + MAX_NAME + " characters");
    }
    return upload.purpose.equals(StoredFile.INPUT)
        ? null
        : Refusal.invalid("purpose", "purpose must be batch");
  }

  private Refusal tooLarge() {
    return Refusal.of(
        ErrorCode.REQUEST_TOO_LARGE, "a file may have up to " + batches.maxBytes() + " bytes");
  }
}
