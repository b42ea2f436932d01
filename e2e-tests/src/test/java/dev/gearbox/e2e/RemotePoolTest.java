package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A worker as a remote pool beside the local one dies under load and returns. The class of most
 * streams wants rescue.
 */
@Tag("weights")
class RemotePoolTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String FAR = "near/" + Shared.SMALL;
  private static final int STREAMS = 20;

  /** Streams, the first ones, whose class wants no rescue. */
  private static final int PLAIN = 2;

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** One client's stream, as far as it has come. */
  private static final class Stream {
    /** Read when the stream has ended. */
    final StringBuilder text = new StringBuilder();

    volatile int tokens;
    volatile int rescues;
    volatile boolean done;
    volatile boolean error;
    CompletableFuture<Void> end = new CompletableFuture<>();

    void line(String line) {
      if (line.equals("data: [DONE]")) {
        done = true;
      } else if (line.startsWith("data: {\"error\"")) {
        error = true;
      } else if (line.startsWith("data: ")) {
        JsonNode chunk = JSON.readTree(line.substring(6));
        String piece = chunk.at("/choices/0/text").asString("");
        rescues = chunk.at("/usage/rescues").asInt(0);
        text.append(piece);
        if (!piece.isEmpty()) {
          // One thread reads a stream.
          int before = tokens;
          tokens = before + 1;
        }
      }
    }
  }

  @Test
  void aKilledWorkerCostsOnlyStreamsThatItHadBegunAndNobodyWantsRescued() throws Exception {
    try (GearboxProcess worker = GearboxProcess.engine("--weights", Shared.SMALL);
        GearboxProcess gateway = gateway(worker)) {
      gateway.awaitVariants(Shared.SMALL);
      awaitState(gateway, FAR, "ready");
      awaitState(gateway, "cpu/" + Shared.SMALL, "ready");

      List<Stream> streams = open(gateway);
      await(() -> (int) gateway.metric("vllm:num_requests_running", FAR), 2);
      await(() -> (int) worker.metric("vllm:generation_tokens_total"), 10);
      worker.process().destroyForcibly().waitFor();
      awaitState(gateway, FAR, "failed");

      for (int i = 0; i < STREAMS; i++) {
        Stream stream = streams.get(i);
        stream.end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(stream.done).as("an end or an error, never both").isNotEqualTo(stream.error);
        assertThat(stream.error && (stream.tokens == 0 || i >= PLAIN))
            .as("what had no token yet, or wants rescue, is answered elsewhere")
            .isFalse();
      }
      assertThat(streams.stream().mapToInt(stream -> stream.rescues).sum()).isGreaterThan(0);
      // What became of a request is written down a moment after its answer.
      await(() -> rescued(gateway), 1);

      try (GearboxProcess again = worker.again()) {
        awaitState(gateway, FAR, "ready");
        double before = gateway.metric("vllm:generation_tokens_total", FAR);
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        while (gateway.metric("vllm:generation_tokens_total", FAR) == before) {
          assertThat(System.nanoTime()).as(again.output()).isLessThan(giveUp);
          List<Stream> undisturbed = open(gateway);
          for (int i = 0; i < STREAMS; i++) {
            undisturbed.get(i).end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(undisturbed.get(i).done).isTrue();
            if (streams.get(i).done) {
              assertThat(streams.get(i).text.toString())
                  .as("rescues: %d", streams.get(i).rescues)
                  .isEqualTo(undisturbed.get(i).text.toString());
            }
          }
        }
      }
    }
  }

  /** Records of answers that the far worker began and another went on with. */
  private static int rescued(GearboxProcess gateway) throws Exception {
    JsonNode made = JSON.readTree(gateway.get("/v1/decisions?limit=100").body()).get("data");
    return made.findValues("begunBy").toString().contains(FAR) ? 1 : 0;
  }

  private static GearboxProcess gateway(GearboxProcess worker) throws IOException {
    Path config = Files.createTempFile("gearbox-e2e", ".yaml");
    Files.writeString(
        config,
        """
        gearbox:
          models:
            - {name: auto, reference: %1$s, variants: [%1$s]}
          classes: [{name: standard}, {name: rescued, rescue: variant}]
          pools:
            - {name: cpu, variants: [%1$s], device: cpu-simd, max-sequences: 8}
            - name: near
              variants: [%1$s]
              device: remote
              dialect: vllm
              hardware: cpu
              endpoints: ["%2$s"]
              max-sequences: 8
              # On a machine that is busy with other tests a worker may take a second to answer.
              patience: {slow-start: 1s, probe: 2s}
        """
            .formatted(Shared.SMALL, worker.uri("")));
    return GearboxProcess.serve("--config", config.toString());
  }

  private static List<Stream> open(GearboxProcess gateway) {
    return IntStream.range(0, STREAMS).mapToObj(i -> open(gateway, i)).toList();
  }

  private static Stream open(GearboxProcess gateway, int number) {
    Stream stream = new Stream();
    String body =
        """
        {"model":"auto","prompt":"%d. Once upon a time","max_tokens":40,"ignore_eos":true,\
        "temperature":0,"stream":true,"stream_options":{"include_usage":true}}\
        """
            .formatted(number);
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/v1/completions"))
            .header("content-type", "application/json")
            .header("x-slo-class", number < PLAIN ? "standard" : "rescued")
            .timeout(PATIENCE)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    stream.end =
        GearboxProcess.HTTP
            .sendAsync(
                request,
                info ->
                    info.statusCode() == 200
                        ? HttpResponse.BodySubscribers.fromLineSubscriber(new Lines(stream::line))
                        : refused(info.statusCode()))
            .thenAccept(response -> {});
    return stream;
  }

  private static HttpResponse.BodySubscriber<Void> refused(int status) {
    return HttpResponse.BodySubscribers.mapping(
        HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8),
        text -> {
          throw new AssertionError(status + " " + text);
        });
  }

  /** Tells of each line as it comes. */
  private record Lines(Consumer<String> told) implements Flow.Subscriber<String> {
    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
      told.accept(line);
    }

    @Override
    public void onError(Throwable e) {}

    @Override
    public void onComplete() {}
  }

  private static void awaitState(GearboxProcess gateway, String engine, String state)
      throws Exception {
    await(
        () ->
            (int)
                gateway.metric(
                    "gearbox_engine_state", "engine=\"" + engine + "\"", "state=\"" + state + "\""),
        1);
  }

  /** A number that is read over HTTP. */
  private interface Reading {
    int get() throws Exception;
  }

  private static void await(Reading number, int least) throws Exception {
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    while (number.get() < least) {
      assertThat(System.nanoTime()).as("it did not come to " + least).isLessThan(giveUp);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
