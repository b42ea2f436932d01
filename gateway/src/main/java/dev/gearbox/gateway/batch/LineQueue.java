package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.RequestParser;
import dev.gearbox.gateway.stream.ErrorJson;
import dev.gearbox.gateway.stream.Line;
import dev.gearbox.gateway.stream.WholeAnswer;
import dev.gearbox.policy.fact.Origin;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Answers the lines of batches on the line of this gateway. What fails in a way that may pass is
 * tried again until its batch expires; what is wrong with the request itself is not.
 *
 * @param places how many more requests the engines can take at this moment
 * @param serviceClass of requests that name none
 */
public record LineQueue(
    Line line,
    RequestParser parser,
    IntSupplier places,
    LongSupplier clock,
    InstantSource time,
    String serviceClass)
    implements BatchQueue {
  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  @Override
  public boolean hasRoom() {
    return places.getAsInt() > 0;
  }

  @Override
  public Runnable submit(Task task, Consumer<Reply> done) {
    Disposable running =
        attempt(task, 0)
            .onErrorResume(e ->
                Mono.just(
                    reply("", Refusal.of(ErrorCode.INTERNAL_ERROR, "the request failed: " + e))))
            .subscribe(done);
    return running::dispose;
  }

  private Mono<Reply> attempt(Task task, int number) {
    return Mono.defer(() -> once(task))
        .flatMap(reply -> {
          Refusal refusal = reply.refusal();
          if (refusal == null || !mayPass(refusal)) {
            return Mono.just(reply);
          }
          Duration after = refusal.retryAfter();
          Duration pause = after != null && number == 0 ? after : FIRST.multipliedBy(1L << number);
          pause = pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
          return time.millis() + pause.toMillis() < task.due()
              ? Mono.delay(pause).then(attempt(task, Math.min(number + 1, 10)))
              : Mono.just(reply);
        });
  }

  /** A queue can wait; only what the request itself is at fault for stays as it is. */
  private static boolean mayPass(Refusal refusal) {
    return refusal.retryAfter() != null
        || (refusal.status() >= 500
            && refusal.status() != ErrorCode.DEADLINE_EXCEEDED.status()
            && refusal.status() != ErrorCode.INTERNAL_ERROR.status());
  }

  private Mono<Reply> once(Task task) {
    long left = task.due() - time.millis();
    if (left <= 0) {
      return Mono.just(reply("", Refusal.of(ErrorCode.DEADLINE_EXCEEDED, "the batch has expired")));
    }
    String id = "%016x%08x".formatted(ThreadLocalRandom.current().nextLong(), task.id().hashCode());
    return parser
        .parse(
            id,
            task.kind(),
            task.body(),
            name ->
                name.equals("x-slo-class") && !task.body().has("service_tier")
                    ? serviceClass
                    : null,
            task.caller(),
            clock.getAsLong())
        .fold(request -> run(task, request, left), refusal -> Mono.just(reply(id, refusal)));
  }

  private Mono<Reply> run(Task task, InferenceRequest request, long left) {
    double age = (time.millis() - task.createdAt()) / 1e3;
    Origin origin = new Origin(true, age, task.behind(), task.gap(), left / 1e3);
    InferenceRequest taken = request.taken(clock.getAsLong(), Duration.ofMillis(left), origin);
    return line.run(taken)
        .collect(() -> new WholeAnswer(taken, time.millis() / 1000), WholeAnswer::add)
        .map(whole -> {
          Refusal refusal = whole.refusal();
          return refusal == null
              ? new Reply(200, taken.id(), utf8(whole.json()), null)
              : reply(taken.id(), refusal);
        });
  }

  private static Reply reply(String id, Refusal refusal) {
    return new Reply(refusal.status(), id, utf8(ErrorJson.bytes(refusal)), refusal);
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
