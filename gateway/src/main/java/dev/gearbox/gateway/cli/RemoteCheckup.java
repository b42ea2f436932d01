package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.kafka.BrokerLook;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Whether the other machines that a configuration names answer: servers of pools, Kafka. */
final class RemoteCheckup {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long SKEW_SECONDS = 30;

  private final Configuration configuration;

  RemoteCheckup(Configuration configuration) {
    this.configuration = configuration;
  }

  List<Finding> findings() throws InterruptedException {
    List<Finding> findings = new ArrayList<>();
    for (PoolConfig pool : configuration.gearbox().pools()) {
      for (String endpoint : pool.isRemote() ? pool.endpoints() : List.<String>of()) {
        findings.add(endpoint(pool, endpoint));
      }
    }
    KafkaConfig kafka = configuration.gearbox().kafka();
    if (kafka != null) {
      findings.add(kafka(kafka));
    }
    return findings;
  }

  private static Finding endpoint(PoolConfig pool, String endpoint) throws InterruptedException {
    String check = "pool " + pool.name();
    if (endpoint.startsWith("kube:")) {
      return System.getenv("KUBERNETES_SERVICE_HOST") != null
          ? Finding.ok(check, endpoint + " is asked of the cluster around")
          : Finding.fail(
              check,
              endpoint + " needs a Kubernetes cluster, and this program runs in none",
              "name the servers: http://HOST:PORT or dns:HOST:PORT");
    }
    if (endpoint.startsWith("dns:")) {
      String host = endpoint.split(":", -1)[1];
      try {
        int found = InetAddress.getAllByName(host).length;
        return Finding.ok(check, host + " has " + found + " addresses");
      } catch (IOException e) {
        return Finding.fail(check, "no address of " + host, "is the name right, and known here?");
      }
    }
    return server(check, pool, endpoint);
  }

  private static Finding server(String check, PoolConfig pool, String endpoint)
      throws InterruptedException {
    URI uri = URI.create(endpoint.replaceFirst("/+$", "") + "/v1/models");
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
      String keyFile = pool.apiKeyFile();
      if (keyFile != null) {
        request.header("authorization", "Bearer " + Files.readString(Path.of(keyFile)).strip());
      }
      HttpResponse<String> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return switch (answer.statusCode()) {
        case 200 -> answered(check, endpoint, answer);
        case 401, 403 ->
            Finding.fail(
                check,
                endpoint + " refuses the key (" + answer.statusCode() + ")",
                "put the key that it wants into a file, and its name into api-key-file");
        default ->
            Finding.warn(
                check,
                endpoint + " answers " + answer.statusCode() + " to GET /v1/models",
                "is it an OpenAI-compatible server, and is what comes before /v1 right?");
      };
    } catch (IOException e) {
      return Finding.fail(
          check,
          endpoint + " does not answer: " + message(e),
          "start it, or correct the endpoint; until then the pool has no engine there");
    }
  }

  private static Finding answered(String check, String endpoint, HttpResponse<String> answer) {
    long off = answer.headers().firstValue("date").map(RemoteCheckup::skew).orElse(0L);
    return Math.abs(off) > SKEW_SECONDS
        ? Finding.warn(
            check,
            endpoint + " answers, and its clock is " + off + " s off this one",
            "let a time server set both clocks")
        : Finding.ok(check, endpoint + " answers");
  }

  /** Seconds that the time of an answer is ahead of this machine's. */
  private static long skew(String date) {
    try {
      Instant there = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date));
      return ChronoUnit.SECONDS.between(Instant.now(), there);
    } catch (DateTimeParseException e) {
      return 0;
    }
  }

  private static Finding kafka(KafkaConfig kafka) throws InterruptedException {
    try {
      BrokerLook seen = BrokerLook.at(kafka, PATIENCE);
      String missing = String.join(", ", seen.missing());
      String found = "%s answers, %d brokers".formatted(kafka.bootstrapServers(), seen.brokers());
      if (seen.missing().isEmpty()) {
        return Finding.ok("kafka", found);
      }
      return kafka.createTopics()
          ? Finding.ok("kafka", found + ", serve makes " + missing)
          : Finding.fail(
              "kafka",
              found + ", without " + missing,
              "create the topics, or set kafka.create-topics");
    } catch (IOException e) {
      return Finding.fail(
          "kafka",
          kafka.bootstrapServers() + " does not answer: " + message(e),
          "start the broker, or correct kafka.bootstrap-servers and kafka.client-properties");
    }
  }

  private static String message(IOException e) {
    String said = e.getMessage();
    return said == null ? e.getClass().getSimpleName() : said.replace('\n', ' ');
  }
}
