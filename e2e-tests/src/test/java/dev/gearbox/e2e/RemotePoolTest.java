package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two workers as a remote pool beside the local one; one of them dies under load and returns. */
@Tag("weights")
class RemotePoolTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int STREAMS = 20;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** One client's stream, as far as it has come. */
  private static final class Stream {
    volatile int tokens;
    volatile boolean done;
    volatile boolean error;
    CompletableFuture<Void> end = new CompletableFuture<>();

    void line(String line) {
      if (line.equals("data: [DONE]")) {
        done = true;
      } else if (line.startsWith("data: {\"error\"")) {
        error = true;
      } else if (line.startsWith("data: ") && line.contains("\"text\"")) {
        // One thread reads a stream.
        int before = tokens;
        tokens = before + 1;
      }
    }
  }

  @Test
  void aKilledWorkerCostsOnlyTheStreamsItHadBegun() throws Exception {
    try (GearboxProcess one = worker();
        GearboxProcess two = worker();
        GearboxProcess gateway = gateway(one, two)) {
      gateway.awaitVariants(Shared.SMALL);
      List<String> engines = List.of(engine(1), engine(2), "cpu/" + Shared.SMALL);
      for (String engine : engines) {
        awaitState(gateway, engine, "ready");
      }

      List<Stream> streams = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        streams.add(open(gateway, i));
      }
      await(() -> (int) gateway.metric("vllm:num_requests_running", engine(1)), 1);
      await(() -> (int) streams.stream().filter(stream -> stream.tokens > 0).count(), 3);
      one.process().destroyForcibly().waitFor();
      awaitState(gateway, engine(1), "failed");

      for (Stream stream : streams) {
        stream.end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(stream.done).as("an end or an error, never both").isNotEqualTo(stream.error);
        assertThat(stream.error && stream.tokens == 0)
            .as("what had no token yet is answered elsewhere")
            .isFalse();
      }
      assertThat(streams.stream().filter(stream -> stream.done).count()).isGreaterThan(0);
      JsonNode elsewhere = JSON.readTree(gateway.get("/v1/decisions?limit=100").body());
      assertThat(elsewhere.toString()).contains(engine(1));

      try (GearboxProcess again = one.again()) {
        awaitState(gateway, engine(1), "ready");
        double before = gateway.metric("vllm:generation_tokens_total", engine(1));
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        while (gateway.metric("vllm:generation_tokens_total", engine(1)) == before) {
          assertThat(System.nanoTime()).as(again.output()).isLessThan(giveUp);
          List<Stream> more = new ArrayList<>();
          for (int i = 0; i < 6; i++) {
            more.add(open(gateway, i));
          }
          for (Stream stream : more) {
            stream.end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(stream.done).isTrue();
          }
        }
      }
    }
  }

  private static String engine(int number) {
    return "near/" + Shared.SMALL + "#" + number;
  }

  private static GearboxProcess worker() throws IOException {
    return GearboxProcess.engine("--weights", Shared.SMALL);
  }

  private static GearboxProcess gateway(GearboxProcess one, GearboxProcess two) throws IOException {
    Path config = Files.createTempFile("gearbox-e2e", ".yaml");
    Files.writeString(
        config,
        """
        gearbox:
          models:
            - {name: auto, reference: %1$s, variants: [%1$s]}
          pools:
            - {name: cpu, variants: [%1$s], device: cpu-simd, max-sequences: 4}
            - name: near
              variants: [%1$s]
              device: remote
              dialect: vllm
              hardware: cpu
              endpoints: ["%2$s", "%3$s"]
              max-sequences: 4
              patience: {slow-start: 1s}
        """
            .formatted(Shared.SMALL, one.uri(""), two.uri("")));
    return GearboxProcess.serve("--config", config.toString());
  }

  private static Stream open(GearboxProcess gateway, int number) {
    Stream stream = new Stream();
    String body =
        """
        {"model":"auto","prompt":"%d. Once upon a time","max_tokens":48,"ignore_eos":true,\
        "temperature":0,"stream":true}\
        """
            .formatted(number);
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/v1/completions"))
            .header("content-type", "application/json")
            .timeout(PATIENCE)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    stream.end =
        GearboxProcess.HTTP
            .sendAsync(
                request,
                info -> {
                  assertThat(info.statusCode()).isEqualTo(200);
                  return HttpResponse.BodySubscribers.fromLineSubscriber(new Lines(stream::line));
                })
            .thenAccept(response -> {});
    return stream;
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
