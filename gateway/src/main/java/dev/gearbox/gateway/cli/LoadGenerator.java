package dev.gearbox.gateway.cli;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/**
 * Sends requests at a fixed rate whether or not earlier ones were answered. A latency counts from
 * the instant when its request was due, so that a stall is charged to everyone who met it.
 */
record LoadGenerator(String url, int rps, int seconds, boolean stream) {
  private static final int WARM_UP_SECONDS = 3;
  private static final int CONNECTIONS = 256;

  /** Latencies in milliseconds, and requests that failed. */
  record Measured(double p50, double p99, int requests, int errors) {}

  Measured run() throws InterruptedException {
    ConnectionProvider connections = ConnectionProvider.create("load", CONNECTIONS);
    HttpClient client =
        HttpClient.create(connections).headers(h -> h.set("content-type", "application/json"));
    send(client, WARM_UP_SECONDS * rps);
    Measured measured = send(client, seconds * rps);
    connections.dispose();
    return measured;
  }

  private Measured send(HttpClient client, int requests) throws InterruptedException {
    byte[] body =
        ("{\"model\":\"auto\",\"max_tokens\":8,\"stream\":"
                + stream
                + ",\"messages\":[{\"role\":\"user\",\"content\":\"Say eight words.\"}]}")
            .getBytes(StandardCharsets.UTF_8);
    double[] millis = new double[requests];
    AtomicInteger errors = new AtomicInteger();
    CountDownLatch open = new CountDownLatch(requests);
    long start = System.nanoTime();
    for (int i = 0; i < requests; i++) {
      long due = start + i * 1_000_000_000L / rps;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      int at = i;
      client
          .post()
          .uri(url)
          .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)))
          .responseSingle(
              (response, content) -> content.asByteArray().thenReturn(response.status().code()))
          .onErrorReturn(0)
          .subscribe(status -> {
            millis[at] = (System.nanoTime() - due) / 1e6;
            if (status != 200) {
              errors.incrementAndGet();
            }
            open.countDown();
          });
    }
    if (!open.await(30, TimeUnit.SECONDS)) {
      errors.addAndGet((int) open.getCount());
    }
    Arrays.sort(millis);
    return new Measured(millis[requests / 2], millis[requests * 99 / 100], requests, errors.get());
  }
}
