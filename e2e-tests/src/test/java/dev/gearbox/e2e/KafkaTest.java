package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests through a real broker, answered by the real line with engines that compute nothing. */
class KafkaTest {
  private static final Duration SOON = Duration.ofMinutes(2);
  @TempDir static Path folder;
  private static KafkaBroker broker;
  private static KafkaClient client;
  private static int groups;

  @BeforeAll
  static void start() throws Exception {
    broker = KafkaBroker.start();
    client = new KafkaClient(broker.servers());
  }

  @AfterAll
  static void stop() throws Exception {
    client.close();
    broker.close();
  }

  /** Topics and a group of one test's own. */
  private record Topics(String name, String more) {
    static Topics fresh(String more) throws Exception {
      groups++;
      Topics topics = new Topics("t" + groups, more);
      for (String each : List.of(topics.requests(), topics.results(), topics.dead())) {
        broker.topic(each, 4, Map.of("max.message.bytes", Integer.toString(32 << 20)));
      }
      return topics;
    }

    String requests() {
      return name + ".requests";
    }

    String results() {
      return name + ".results";
    }

    String dead() {
      return name + ".dead";
    }

    Path config() throws Exception {
      Path file = Files.createTempFile(folder, name, ".yaml");
      Files.writeString(
          file,
          """
          gearbox:
            models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
            pools: [{name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd, max-sequences: 32}]
            kafka: {bootstrap-servers: "%s", group: %s, instance: one, requests: %s, results: %s, dead-letters: %s, retries: %s%s}
          """
              .formatted(
                  broker.servers(), name, requests(), results(), dead(), name + ".retries", more));
      return file;
    }

    GearboxProcess gateway(String... arguments) throws Exception {
      List<String> all = new ArrayList<>(List.of("--config", config().toString()));
      all.addAll(List.of(arguments));
      return GearboxProcess.rehearse(all.toArray(String[]::new));
    }
  }

  private static String chat(String id, String more) {
    return KafkaClient.request(id, "auto", "hi", 8, more);
  }

  private static String id(ConsumerRecord<String, String> record) {
    return KafkaClient.json(record).get("id").asString();
  }

  private static int status(ConsumerRecord<String, String> record) {
    return KafkaClient.json(record).get("status").asInt();
  }

  @ParameterizedTest
  @ValueSource(strings = {"consumer", "classic"})
  void aRequestGetsItsResultUnderItsKeyAndId(String protocol) throws Exception {
    Topics topics = Topics.fresh(", protocol: " + protocol);
    client.send(
        topics.requests(),
        "some-key",
        chat("r-1", ""),
        Map.of("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    try (GearboxProcess gateway = topics.gateway();
        var results = client.reader(topics.results())) {
      ConsumerRecord<String, String> result = results.await(1, SOON).getFirst();

      assertThat(result.key()).isEqualTo("some-key");
      assertThat(KafkaClient.header(result, "traceparent")).startsWith("00-0af7651916cd43dd");
      var json = KafkaClient.json(result);
      assertThat(json.get("id").asString()).isEqualTo("r-1");
      assertThat(json.get("status").asInt()).isEqualTo(200);
      assertThat(json.at("/body/choices/0/message/content").asString()).startsWith("word word");
      assertThat(json.at("/body/object").asString()).isEqualTo("chat.completion");
      assertThat(json.get("variant").asString()).isEqualTo(Shared.SMALL);
      assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(8);
      assertThat(json.at("/timings/total_ms").asDouble()).isPositive();
      assertThat(gateway.get("/v1/decisions/" + json.get("decision_id").asString()).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void whatIsWrongWithARecordIsAnsweredForThatRecordAlone() throws Exception {
    Topics topics = Topics.fresh("");
    Map<String, String> bad = new HashMap<>();
    bad.put("not-json", "{\"id\":\"not-json\",\"body\":{{");
    bad.put("no-body", "{\"id\":\"no-body\"}");
    bad.put("no-model", KafkaClient.request("no-model", "nobody", "hi", 8, ""));
    bad.put("bad-date", chat("bad-date", ",\"deadline\":\"tomorrow\""));
    bad.put("bad-class", chat("bad-class", ",\"class\":\"royal\""));
    bad.put("bad-target", chat("bad-target", ",\"targets\":{\"ttft\":\"soon\"}"));
    bad.put("bad-field", KafkaClient.request("bad-field", "auto", "hi", -3, ""));
    bad.put("huge", KafkaClient.request("huge", "auto", "x".repeat(20_000_000), 8, ""));
    int number = 0;
    for (String each : bad.values()) {
      client.send(topics.requests(), null, each);
      client.send(topics.requests(), null, chat("good-" + number++, ""));
    }
    for (String nameless : List.of("no JSON at all", "{\"body\":{}}", "[1]", "{\"id\":7}")) {
      client.send(topics.requests(), "k", nameless, Map.of("colour", "blue", "authorization", "x"));
    }
    client.send(topics.requests(), "k", null);
    client.send(topics.requests(), null, chat("late", ",\"deadline\":\"2020-01-01T00:00:00Z\""));

    try (GearboxProcess gateway = topics.gateway();
        var results = client.reader(topics.results());
        var dead = client.reader(topics.dead())) {
      results.await(2 * bad.size() + 1, SOON);
      dead.await(bad.size() + 5, SOON);

      Map<String, Integer> statuses = new HashMap<>();
      results.records.forEach(record -> statuses.put(id(record), status(record)));
      for (int i = 0; i < bad.size(); i++) {
        assertThat(statuses).containsEntry("good-" + i, 200);
      }
      assertThat(statuses)
          .containsEntry("not-json", 400)
          .containsEntry("no-body", 400)
          .containsEntry("no-model", 404)
          .containsEntry("bad-date", 400)
          .containsEntry("bad-class", 400)
          .containsEntry("bad-target", 400)
          .containsEntry("bad-field", 400)
          .containsEntry("huge", 413)
          .containsEntry("late", 504);
      List<ConsumerRecord<String, String>> nameless =
          dead.records.stream().filter(record -> "k".equals(record.key())).toList();
      assertThat(nameless).hasSize(5);
      for (ConsumerRecord<String, String> record : nameless) {
        assertThat(KafkaClient.header(record, "gearbox-dead-reason"))
            .isEqualTo("invalid_request_error");
        assertThat(KafkaClient.header(record, "gearbox-dead-topic")).isEqualTo(topics.requests());
        assertThat(KafkaClient.header(record, "gearbox-dead-offset")).matches("\\d+");
        assertThat(KafkaClient.header(record, "authorization")).isNull();
      }
      assertThat(nameless)
          .filteredOn(record -> "blue".equals(KafkaClient.header(record, "colour")))
          .hasSize(4);
      awaitMetric(gateway, "gearbox_kafka_dead_letters_total", bad.size() + 5.0);
    }
  }

  @Test
  void anIdGetsOneResultHoweverOftenItIsSent() throws Exception {
    Topics topics = Topics.fresh("");
    try (var results = client.reader(topics.results());
        var dead = client.reader(topics.dead())) {
      try (GearboxProcess _ = topics.gateway()) {
        for (int i = 0; i < 3; i++) {
          client.send(topics.requests(), "k" + i, chat("same", ""));
        }
        results.await(1, SOON);
        dead.await(2, SOON);
      }
      // A gateway that starts later knows it from the results.
      try (GearboxProcess _ = topics.gateway()) {
        client.send(topics.requests(), "other", chat("same", ""));
        client.send(topics.requests(), "other", chat("fence", ""));
        results.await(1, record -> id(record).equals("fence"), SOON);
        dead.await(3, SOON);
      }

      results.readFor(Duration.ofSeconds(1));
      assertThat(results.records).hasSize(2);
      assertThat(dead.records)
          .allMatch(r -> "duplicate_id".equals(KafkaClient.header(r, "gearbox-dead-reason")));
    }
  }

  @Test
  void requestsOfOneKeyAreAnsweredInTheirOrder() throws Exception {
    Topics topics = Topics.fresh("");
    Instant now = Instant.now();
    for (int i = 0; i < 60; i++) {
      // Later ones are due earlier, which must not matter within a key.
      String due = now.plusSeconds(900 - i).toString();
      client.send(
          topics.requests(), "key-" + i % 3, chat("o-" + i, ",\"deadline\":\"" + due + "\""));
    }
    try (GearboxProcess _ = topics.gateway();
        var results = client.reader(topics.results())) {
      results.await(60, SOON);

      for (int key = 0; key < 3; key++) {
        String of = "key-" + key;
        List<Integer> order =
            results.records.stream()
                .filter(record -> of.equals(record.key()))
                .map(record -> Integer.parseInt(id(record).substring(2)))
                .toList();
        assertThat(order).hasSize(20).isSorted();
      }
    }
  }

  @Test
  void theMostUrgentOfTheWindowGoesFirst() throws Exception {
    Topics topics = Topics.fresh(", in-flight: 1");
    broker.topic("one.requests", 1, Map.of());
    Topics one = new Topics("one", ", in-flight: 1");
    broker.topic("one.results", 1, Map.of());
    broker.topic("one.dead", 1, Map.of());
    Instant now = Instant.now();
    for (int i = 0; i < 40; i++) {
      String due = now.plusSeconds(900 - i).toString();
      client.send(one.requests(), null, chat("u-" + i, ",\"deadline\":\"" + due + "\""));
    }
    client.send(one.requests(), null, chat("first", ",\"class\":\"interactive\""));
    client.flush();
    try (GearboxProcess _ = one.gateway("--delay-ms", "50");
        var results = client.reader(one.results())) {
      results.await(41, SOON);

      List<String> order = results.records.stream().map(KafkaTest::id).toList();
      // What came first may have begun before the rest was fetched.
      assertThat(order.indexOf("first")).isLessThan(3);
      assertThat(order.subList(order.size() - 10, order.size()))
          .allMatch(each -> Integer.parseInt(each.substring(2)) < 12);
    }
    assertThat(topics.name()).isNotEmpty();
  }

  @Test
  void streamedRequestsGetTheirTokensAsRecords() throws Exception {
    Topics topics = Topics.fresh(", streaming: true");
    String body =
        """
        {"id":"s-1","model":"auto","body":{"stream":true,"messages":[{"role":"user","content":"hi"}]}}\
        """;
    client.send(topics.requests(), "k", body);
    try (GearboxProcess _ = topics.gateway();
        var results = client.reader(topics.results())) {
      var result =
          results
              .await(1, r -> "result".equals(KafkaClient.header(r, "gearbox-kind")), SOON)
              .getFirst();
      List<ConsumerRecord<String, String>> chunks =
          results.await(10, r -> "chunk".equals(KafkaClient.header(r, "gearbox-kind")), SOON);

      StringBuilder text = new StringBuilder();
      for (int i = 0; i < chunks.size(); i++) {
        var json = KafkaClient.json(chunks.get(i));
        assertThat(chunks.get(i).key()).isEqualTo("s-1");
        assertThat(json.get("number").asInt()).isEqualTo(i);
        text.append(json.at("/chunk/choices/0/delta/content").asString(""));
      }
      assertThat(text.toString())
          .isEqualTo(KafkaClient.json(result).at("/body/choices/0/message/content").asString());
    }
  }

  @Test
  void nothingIsLostAndNoIdComesTwiceWhenTheGatewayIsKilled() throws Exception {
    Topics topics = Topics.fresh(", in-flight: 8");
    int requests = 500;
    for (int i = 0; i < requests; i++) {
      client.send(topics.requests(), null, chat("kill-" + i, ""));
    }
    client.flush();
    try (var results = client.reader(topics.results())) {
      for (int kills = 1; kills <= 2; kills++) {
        GearboxProcess gateway = topics.gateway("--delay-ms", "60");
        results.await(kills * 120, SOON);
        gateway.kill();
      }
      try (GearboxProcess _ = topics.gateway("--delay-ms", "60")) {
        results.await(requests, Duration.ofMinutes(2));
        results.readFor(Duration.ofSeconds(2));

        assertThat(results.records.stream().map(KafkaTest::id).distinct()).hasSize(requests);
        assertThat(results.records).hasSize(requests).allMatch(record -> status(record) == 200);
        // The prefix that is committed is all of it.
        try (var admin = broker.admin()) {
          long committed =
              admin
                  .listConsumerGroupOffsets(topics.name())
                  .partitionsToOffsetAndMetadata()
                  .get(30, TimeUnit.SECONDS)
                  .entrySet()
                  .stream()
                  .filter(each -> each.getKey().topic().equals(topics.requests()))
                  .mapToLong(each -> each.getValue().offset())
                  .sum();
          assertThat(committed).isEqualTo(requests);
        }
      }
    }
  }

  @Test
  void withoutItsBrokerTheGatewayGoesOnAndRecovers() throws Exception {
    try (KafkaBroker own = KafkaBroker.start();
        KafkaClient ownClient = new KafkaClient(own.servers())) {
      Path file = Files.createTempFile(folder, "own", ".yaml");
      Files.writeString(
          file,
          """
          gearbox:
            models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
            pools: [{name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd, max-sequences: 32}]
            kafka: {bootstrap-servers: "%s", instance: one, in-flight: 4}
          """
              .formatted(own.servers()));
      try (GearboxProcess gateway =
          GearboxProcess.rehearse("--config", file.toString(), "--delay-ms", "100")) {
        gateway.awaitVariants(Shared.SMALL);
        awaitMetric(gateway, "gearbox_kafka_connected", 1);
        for (int i = 0; i < 300; i++) {
          ownClient.send("gearbox.requests", null, chat("b-" + i, ""));
        }
        ownClient.flush();
        awaitMetric(gateway, "gearbox_kafka_results_total", 20);
        own.kill();
        for (int i = 0; i < 5; i++) {
          var answer =
              gateway.post(
                  "/v1/chat/completions",
                  "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
          assertThat(answer.statusCode()).isEqualTo(200);
          TimeUnit.SECONDS.sleep(1);
        }
        own.again();
        try (var results = ownClient.reader("gearbox.results")) {
          results.await(300, Duration.ofMinutes(2));
          results.readFor(Duration.ofSeconds(1));

          assertThat(results.records.stream().map(KafkaTest::id).distinct()).hasSize(300);
          assertThat(results.records).hasSize(300);
        }
      }
    }
  }

  private static void awaitMetric(GearboxProcess gateway, String name, double least)
      throws Exception {
    long deadline = System.nanoTime() + SOON.toNanos();
    while (gateway.metric(name) < least) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(name + " stays below " + least + ":\n" + gateway.output());
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }
}
