package dev.gearbox.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests through a real broker, answered by the real line with engines that compute nothing. Two
 * gateways serve all tests that do not harm them.
 */
class KafkaTest {
  private static final Duration SOON = Duration.ofMinutes(2);
  @TempDir static Path folder;
  private static KafkaBroker broker;
  private static KafkaClient client;

  /** As it comes. */
  private static Gateway usual;

  /** With the classic protocol, one request at a time and dead letters for what is late. */
  private static Gateway single;

  @BeforeAll
  static void start() throws Exception {
    broker = KafkaBroker.start();
    client = new KafkaClient(broker.servers());
    usual = Gateway.start(Topics.fresh("usual", 4), "one", ", streaming: true, in-flight: 32", 20);
    single =
        Gateway.start(
            Topics.fresh("single", 1),
            "one",
            ", protocol: classic, in-flight: 1, expired: dead-letter",
            50);
    usual.process().awaitVariants(Shared.SMALL);
    single.process().awaitVariants(Shared.SMALL);
  }

  @AfterAll
  static void stop() throws Exception {
    single.close();
    usual.close();
    client.close();
    broker.close();
  }

  /** Topics and a group of their own. */
  private record Topics(String name) {
    static Topics fresh(String name, int partitions) throws Exception {
      Topics topics = new Topics(name);
      for (String each : List.of(topics.requests(), topics.results(), topics.dead())) {
        broker.topic(each, partitions, Map.of("max.message.bytes", Integer.toString(32 << 20)));
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

    String kafka(String instance, String more) {
      return """
      {bootstrap-servers: "%s", group: %s, instance: %s, requests: %s, results: %s, dead-letters: %s, retries: %s%s}\
      """
          .formatted(
              broker.servers(),
              name,
              instance,
              requests(),
              results(),
              dead(),
              name + ".retries",
              more);
    }
  }

  /** One of a group. */
  private record Gateway(Topics topics, GearboxProcess process) implements AutoCloseable {
    static Gateway start(Topics topics, String instance, String more, int delay) throws Exception {
      Path file = folder.resolve(topics.name() + instance + ".yaml");
      Files.writeString(
          file,
          """
          gearbox:
            models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
            pools: [{name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd, max-sequences: 32}]
            kafka: %s
          """
              .formatted(topics.kafka(instance, more)));
      return new Gateway(
          topics, GearboxProcess.rehearse("--config", file.toString(), "--delay-ms", "" + delay));
    }

    @Override
    public void close() throws IOException {
      process.close();
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
    Gateway gateway = protocol.equals("classic") ? single : usual;
    client.send(
        gateway.topics().requests(),
        "some-key",
        chat("r-1", ""),
        Map.of("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    try (var results = client.reader(gateway.topics().results())) {
      ConsumerRecord<String, String> result =
          results.await(1, record -> id(record).equals("r-1"), SOON).getFirst();

      assertThat(result.key()).isEqualTo("some-key");
      assertThat(KafkaClient.header(result, "traceparent")).startsWith("00-0af7651916cd43dd");
      var json = KafkaClient.json(result);
      assertThat(json.get("status").asInt()).isEqualTo(200);
      assertThat(json.at("/body/choices/0/message/content").asString()).startsWith("word word");
      assertThat(json.at("/body/object").asString()).isEqualTo("chat.completion");
      assertThat(json.get("variant").asString()).isEqualTo(Shared.SMALL);
      assertThat(json.at("/usage/completion_tokens").asInt()).isEqualTo(8);
      assertThat(json.at("/timings/total_ms").asDouble()).isPositive();
      String decision = json.get("decision_id").asString();
      assertThat(gateway.process().get("/v1/decisions/" + decision).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whatIsWrongWithARecordIsAnsweredForThatRecordAlone() throws Exception {
    String requests = usual.topics().requests();
    double before = usual.process().metric("gearbox_kafka_dead_letters_total");
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
      client.send(requests, null, each);
      client.send(requests, null, chat("good-" + number++, ""));
    }
    for (String nameless : List.of("no JSON at all", "{\"body\":{}}", "[1]", "{\"id\":7}")) {
      client.send(requests, "k", nameless, Map.of("colour", "blue", "authorization", "x"));
    }
    client.send(requests, "k", null);
    client.send(requests, null, chat("late", ",\"deadline\":\"2020-01-01T00:00:00Z\""));

    try (var results = client.reader(usual.topics().results());
        var dead = client.reader(usual.topics().dead())) {
      Predicate<ConsumerRecord<String, String>> mine =
          record -> id(record).startsWith("good-") || bad.containsKey(id(record));
      results.await(2 * bad.size(), mine, SOON);
      results.await(1, record -> id(record).equals("late"), SOON);
      dead.await(5, record -> "k".equals(record.key()), SOON);

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
        assertThat(KafkaClient.header(record, "gearbox-dead-topic")).isEqualTo(requests);
        assertThat(KafkaClient.header(record, "gearbox-dead-offset")).matches("\\d+");
        assertThat(KafkaClient.header(record, "authorization")).isNull();
      }
      assertThat(nameless)
          .filteredOn(record -> "blue".equals(KafkaClient.header(record, "colour")))
          .hasSize(4);
      usual.process().awaitMetric("gearbox_kafka_dead_letters_total", before + bad.size() + 5.0);
    }
  }

  @Test
  void whatIsLateIsADeadLetterWhereTheConfigurationSaysSo() throws Exception {
    client.send(
        single.topics().requests(), null, chat("gone", ",\"deadline\":\"2020-01-01T00:00:00Z\""));
    client.send(single.topics().requests(), null, chat("fence", ""));
    try (var results = client.reader(single.topics().results());
        var dead = client.reader(single.topics().dead())) {
      var letter = dead.await(1, SOON).getFirst();
      results.await(1, record -> id(record).equals("fence"), SOON);

      assertThat(id(letter)).isEqualTo("gone");
      assertThat(KafkaClient.header(letter, "gearbox-dead-reason")).isEqualTo("deadline_exceeded");
      assertThat(results.records).noneMatch(record -> id(record).equals("gone"));
    }
  }

  @Test
  void anIdGetsOneResultHoweverOftenItIsSent() throws Exception {
    for (int i = 0; i < 3; i++) {
      client.send(usual.topics().requests(), "k" + i, chat("same", ""));
    }
    try (var results = client.reader(usual.topics().results());
        var dead = client.reader(usual.topics().dead())) {
      List<ConsumerRecord<String, String>> letters = dead.await(2, KafkaTest::isDuplicate, SOON);
      results.await(1, record -> id(record).equals("same"), SOON);

      assertThat(letters).hasSize(2).allMatch(letter -> id(letter).equals("same"));
      assertThat(results.records.stream().filter(record -> id(record).equals("same"))).hasSize(1);
    }
  }

  private static boolean isDuplicate(ConsumerRecord<String, String> letter) {
    return "duplicate_id".equals(KafkaClient.header(letter, "gearbox-dead-reason"));
  }

  @Test
  void requestsOfOneKeyAreAnsweredInTheirOrder() throws Exception {
    Instant now = Instant.now();
    for (int i = 0; i < 60; i++) {
      // Later ones are due earlier, which must not matter within a key.
      String due = now.plusSeconds(900 - i).toString();
      client.send(
          usual.topics().requests(),
          "key-" + i % 3,
          chat("o-" + i, ",\"deadline\":\"" + due + "\""));
    }
    try (var results = client.reader(usual.topics().results())) {
      results.await(60, record -> id(record).startsWith("o-"), SOON);

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
    String requests = single.topics().requests();
    Instant now = Instant.now();
    for (int i = 0; i < 40; i++) {
      String due = now.plusSeconds(900 - i).toString();
      client.send(requests, null, chat("u-" + i, ",\"deadline\":\"" + due + "\""));
    }
    client.send(requests, null, chat("u-first", ",\"class\":\"interactive\""));
    client.flush();
    try (var results = client.reader(single.topics().results())) {
      results.await(41, record -> id(record).startsWith("u-"), SOON);

      List<String> order =
          results.records.stream().map(KafkaTest::id).filter(id -> id.startsWith("u-")).toList();
      // What came first may have begun before the rest was fetched.
      assertThat(order.indexOf("u-first")).isLessThan(10);
      assertThat(order.subList(order.size() - 10, order.size()))
          .allMatch(each -> Integer.parseInt(each.substring(2)) < 20);
    }
  }

  @Test
  void streamedRequestsGetTheirTokensAsRecords() throws Exception {
    String body =
        """
        {"id":"s-1","model":"auto","body":{"stream":true,"messages":[{"role":"user","content":"hi"}]}}\
        """;
    client.send(usual.topics().requests(), "k", body);
    try (var results = client.reader(usual.topics().results())) {
      Predicate<ConsumerRecord<String, String>> isChunk =
          record -> "chunk".equals(KafkaClient.header(record, "gearbox-kind"));
      var result =
          results.await(1, r -> id(r).equals("s-1") && isChunk.negate().test(r), SOON).getFirst();
      List<ConsumerRecord<String, String>> chunks = results.await(10, isChunk, SOON);

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
  void nothingIsLostAndNoIdComesTwiceWhenGatewaysAreKilledAndPartitionsMove() throws Exception {
    Topics topics = Topics.fresh("kill", 4);
    int requests = 1000;
    sendMany(topics, requests);
    String few = ", in-flight: 8";
    try (var results = client.reader(topics.results());
        var dead = client.reader(topics.dead());
        Gateway one = Gateway.start(topics, "one", few, 100);
        Gateway two = Gateway.start(topics, "two", few, 100)) {
      one.process().awaitVariants(Shared.SMALL);
      two.process().awaitVariants(Shared.SMALL);
      one.process().awaitMetric("gearbox_kafka_in_flight", 1);
      two.process().awaitMetric("gearbox_kafka_in_flight", 1);
      one.process().kill();
      // What it had is the other's.
      results.await(500, SOON);
      two.process().kill();
      // A gateway that starts later knows from the results what is answered.
      String answered = id(results.records.getFirst());
      client.send(topics.requests(), "again", chat(answered, ""));
      try (Gateway _ = Gateway.start(topics, "two", "", 20)) {
        results.await(requests, SOON);
        dead.await(1, SOON);
        results.readFor(Duration.ofSeconds(1));

        assertAnsweredOnce(results, requests);
        assertThat(dead.records).hasSize(1).allMatch(KafkaTest::isDuplicate);
        // The prefix that is committed is all of it.
        assertThat(committed(topics)).isEqualTo(requests + 1);
      }
    }
  }

  @Test
  void whoDrainsCommitsWhatItAnsweredAndLeavesTheRestToOthers() throws Exception {
    Topics topics = Topics.fresh("drain", 1);
    int requests = 1000;
    sendMany(topics, requests);
    try (var results = client.reader(topics.results());
        Gateway leaving = Gateway.start(topics, "one", ", in-flight: 4", 200)) {
      results.await(1, SOON);
      assertThat(leaving.process().postAdmin("/admin/drain", "").statusCode()).isEqualTo(202);
      awaitNobody(topics.name());

      assertThat(leaving.process().get("/health/ready").statusCode()).isEqualTo(503);
      int answered = (int) committed(topics);
      results.await(answered, SOON);
      results.readFor(Duration.ofSeconds(1));
      assertThat(results.records).hasSize(answered).hasSizeLessThan(requests);

      try (Gateway _ = Gateway.start(topics, "two", ", in-flight: 32", 20)) {
        results.await(requests, SOON);
        results.readFor(Duration.ofSeconds(1));

        assertAnsweredOnce(results, requests);
        assertThat(committed(topics)).isEqualTo(requests);
      }
      assertThat(leaving.process().process().isAlive()).isTrue();
    }
  }

  private static void sendMany(Topics topics, int requests) {
    for (int i = 0; i < requests; i++) {
      client.send(topics.requests(), null, chat(topics.name() + "-" + i, ""));
    }
    client.flush();
  }

  private static void assertAnsweredOnce(KafkaClient.Reader results, int requests) {
    assertThat(results.records.stream().map(KafkaTest::id).distinct()).hasSize(requests);
    assertThat(results.records).hasSize(requests).allMatch(record -> status(record) == 200);
  }

  /** Waits until a group has no members. */
  private static void awaitNobody(String group) throws Exception {
    long deadline = System.nanoTime() + SOON.toNanos();
    try (var admin = broker.admin()) {
      var groups = List.of(group);
      while (admin.describeConsumerGroups(groups).all().get(30, TimeUnit.SECONDS).values().stream()
          .anyMatch(each -> !each.members().isEmpty())) {
        assertThat(System.nanoTime()).as("members stay in %s", group).isLessThan(deadline);
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
  }

  private static long committed(Topics topics) throws Exception {
    try (var admin = broker.admin()) {
      return admin
          .listConsumerGroupOffsets(topics.name())
          .partitionsToOffsetAndMetadata()
          .get(30, TimeUnit.SECONDS)
          .entrySet()
          .stream()
          .filter(each -> each.getKey().topic().equals(topics.requests()))
          .mapToLong(each -> each.getValue().offset())
          .sum();
    }
  }

  @Test
  void withoutItsBrokerTheGatewayGoesOnAndRecovers() throws Exception {
    GearboxProcess gateway = usual.process();
    gateway.awaitMetric("gearbox_kafka_connected", 1);
    double before = gateway.metric("gearbox_kafka_results_total");
    int requests = 3000;
    for (int i = 0; i < requests; i++) {
      client.send(usual.topics().requests(), null, chat("b-" + i, ""));
    }
    client.flush();
    gateway.awaitMetric("gearbox_kafka_results_total", before + 1);
    broker.kill();
    for (int i = 0; i < 5; i++) {
      var answer =
          gateway.post(
              "/v1/chat/completions",
              "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
      assertThat(answer.statusCode()).isEqualTo(200);
      TimeUnit.MILLISECONDS.sleep(500);
    }
    broker.again();
    try (var results = client.reader(usual.topics().results())) {
      results.await(requests, record -> id(record).startsWith("b-"), SOON);
      results.readFor(Duration.ofSeconds(1));

      List<String> ids =
          results.records.stream().map(KafkaTest::id).filter(id -> id.startsWith("b-")).toList();
      assertThat(ids).hasSize(requests).doesNotHaveDuplicates();
    }
  }

  @Test
  void aFailureThatMayPassIsTriedAgainAndThenADeadLetter() throws Exception {
    Topics topics = Topics.fresh("retry", 1);
    HttpServer broken =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    broken.createContext(
        "/",
        exchange -> {
          boolean asks = exchange.getRequestMethod().equals("GET");
          byte[] models = "{\"object\":\"list\",\"data\":[{\"id\":\"far\"}]}".getBytes(UTF_8);
          exchange.sendResponseHeaders(asks ? 200 : 500, models.length);
          exchange.getResponseBody().write(models);
          exchange.close();
        });
    broken.start();
    Path file = folder.resolve("retry.yaml");
    Files.writeString(
        file,
        """
        gearbox:
          models: [{name: far, reference: far, variants: [far]}]
          pools: [{name: far, variants: [far], device: remote, hardware: gpu, endpoints: ["http://127.0.0.1:%d"]}]
          kafka: %s
        """
            .formatted(
                broken.getAddress().getPort(),
                topics.kafka("one", ", attempts: 3, backoff: 100ms")));
    client.send(
        topics.requests(), "k", KafkaClient.request("f-1", "far", "hi", 8, ""), Map.of("a", "b"));
    try (GearboxProcess gateway = GearboxProcess.serve("--config", file.toString());
        var results = client.reader(topics.results());
        var dead = client.reader(topics.dead())) {
      var letter = dead.await(1, SOON).getFirst();
      var result = results.await(1, SOON).getFirst();

      assertThat(status(result)).isGreaterThanOrEqualTo(500);
      assertThat(KafkaClient.header(letter, "gearbox-dead-attempts")).isEqualTo("3");
      assertThat(KafkaClient.header(letter, "gearbox-dead-topic")).isEqualTo(topics.requests());
      assertThat(KafkaClient.header(letter, "gearbox-dead-offset")).isEqualTo("0");
      assertThat(KafkaClient.header(letter, "a")).isEqualTo("b");
      gateway.awaitMetric("gearbox_kafka_retries_total", 2);
    } finally {
      broken.stop(0);
    }
  }
}
