package dev.gearbox.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import tools.jackson.databind.json.JsonMapper;

/**
 * The full-length proof of requests through Kafka: what {@code e2e-tests/suites/kafka} runs. Says
 * what it does, what holds, and last the figures as JSON.
 */
final class KafkaProof {
  private static final int PARTITIONS = 4;
  private static final String SMALL = Shared.SMALL;
  private static final String LARGE = Shared.LARGE;

  private final Map<String, Object> figures = new TreeMap<>();
  private final List<String> broken = new ArrayList<>();
  private final Path folder = Files.createTempDirectory("gearbox-proof");
  private int runs;
  private int asked;

  private KafkaProof() throws IOException {}

  public static void main(String[] parts) throws Exception {
    if (List.of(parts).equals(List.of("broker"))) {
      broker();
      return;
    }
    KafkaProof proof = new KafkaProof();
    List<String> asked =
        parts.length == 0
            ? List.of("kills", "throughput", "calls", "outage", "deadlines")
            : Arrays.asList(parts);
    for (String each : asked) {
      say("— " + each);
      switch (each) {
        case "kills" -> proof.kills(10_000, 5);
        case "throughput" -> proof.throughput(60_000);
        case "calls" -> proof.calls();
        case "outage" -> proof.outage();
        case "deadlines" -> proof.deadlines(500);
        default -> throw new IllegalArgumentException("no part " + each);
      }
    }
    proof.figures.put("broken", proof.broken);
    System.out.println("figures: " + JsonMapper.shared().writeValueAsString(proof.figures));
    System.exit(proof.broken.isEmpty() ? 0 : 1);
  }

  /** A broker for others, until the standard input ends. */
  private static void broker() throws Exception {
    try (KafkaBroker broker = KafkaBroker.start()) {
      System.out.println("broker " + broker.servers());
      var _ = System.in.readAllBytes();
    }
  }

  private static void say(String text) {
    System.out.println("kafka: " + text);
  }

  private void check(boolean holds, String what) {
    say((holds ? "holds: " : "BROKEN: ") + what);
    if (!holds) {
      broken.add(what);
    }
  }

  /** Topics of one run, with the gateways' configuration. */
  private record Run(KafkaBroker broker, String name, Path folder) {
    String requests() {
      return name + ".requests";
    }

    String results() {
      return name + ".results";
    }

    Path config(String instance, String variants, String more) throws IOException {
      Path file = folder.resolve(name + instance + ".yaml");
      Files.writeString(
          file,
          """
          gearbox:
            models: [{name: auto, reference: %s, variants: [%s]}]
            pools: [{name: cpu, variants: [%s], device: cpu-simd, max-sequences: 32}]
            classes: [{name: standard, targets: {}, priority: 0}]
            kafka: {bootstrap-servers: "%s", group: %s, instance: %s, requests: %s, results: %s, dead-letters: %s.dead, retries: %s.retries%s}
          """
              .formatted(
                  variants.lines().findFirst().orElseThrow().replaceFirst(",.*", ""),
                  variants,
                  variants,
                  broker.servers(),
                  name,
                  instance,
                  requests(),
                  results(),
                  name,
                  name,
                  more));
      return file;
    }

    GearboxProcess rehearse(String instance, int delay, String more) throws IOException {
      return GearboxProcess.rehearse(
          "--config", config(instance, SMALL, more).toString(), "--delay-ms", "" + delay);
    }
  }

  private Run run(KafkaBroker broker) throws Exception {
    Run run = new Run(broker, "run" + runs++, folder);
    broker.topic(run.requests(), PARTITIONS, Map.of());
    broker.topic(run.results(), PARTITIONS, Map.of());
    return run;
  }

  private static String chat(String id) {
    return KafkaClient.request(id, "auto", "hi", 8, "");
  }

  private static String id(ConsumerRecord<String, String> record) {
    return String.valueOf(KafkaClient.header(record, "gearbox-id"));
  }

  /** Two gateways share the partitions; one of them is killed again and again. */
  private void kills(int requests, int kills) throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      Run run = run(broker);
      try (GearboxProcess steady = run.rehearse("steady", 20, ", in-flight: 8");
          var results = client.reader(run.results())) {
        steady.awaitVariants(SMALL);
        for (int i = 0; i < requests; i++) {
          client.send(run.requests(), i % 3 == 0 ? "key-" + i % 300 : null, chat("k-" + i));
        }
        client.flush();
        long began = System.nanoTime();
        long moved = 0;
        for (int kill = 1; kill <= kills; kill++) {
          GearboxProcess victim = run.rehearse("victim", 20, ", in-flight: 8");
          victim.awaitVariants(SMALL);
          // It has partitions that the other one gave up, and requests of theirs run in it.
          while (victim.metric("gearbox_kafka_in_flight") == 0) {
            TimeUnit.MILLISECONDS.sleep(50);
          }
          TimeUnit.SECONDS.sleep(2);
          moved +=
              victim
                  .admin("/metrics")
                  .body()
                  .lines()
                  .filter(line -> line.startsWith("gearbox_kafka_lag{"))
                  .count();
          victim.kill();
          results.readFor(Duration.ofMillis(500));
          say("killed " + kill + " times, " + results.records.size() + " results");
        }
        results.await(requests, Duration.ofMinutes(10));
        results.readFor(Duration.ofSeconds(5));
        Set<String> ids = new HashSet<>();
        results.records.forEach(record -> ids.add(id(record)));
        check(ids.size() == requests, "%d of %d ids have a result".formatted(ids.size(), requests));
        check(
            results.records.size() == requests,
            "%d results, none twice".formatted(results.records.size()));
        check(inOrder(results.records), "results of each key are in the order of its requests");
        figures.put("kills_requests", requests);
        check(moved >= kills, moved + " times a partition of a killed gateway moved");
        figures.put("kills", kills);
        figures.put("kills_partitions_moved", moved);
        figures.put("kills_seconds", seconds(began));
        figures.put("aborted", steady.metric("gearbox_kafka_transactions_aborted_total"));
      }
    }
  }

  private static boolean inOrder(List<ConsumerRecord<String, String>> records) {
    Map<String, Integer> last = new HashMap<>();
    for (ConsumerRecord<String, String> each : records) {
      if (each.key() != null) {
        int number = Integer.parseInt(id(each).substring(2));
        if (last.getOrDefault(each.key(), -1) >= number) {
          return false;
        }
        last.put(each.key(), number);
      }
    }
    return true;
  }

  /** Everything is on this machine: the broker, the gateway, and whoever asks and reads. */
  private void throughput(int requests) throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      Run run = run(broker);
      try (GearboxProcess gateway =
              run.rehearse("one", 0, ", linger: 20ms, window: 8000, in-flight: 256");
          var results = client.reader(run.results())) {
        gateway.awaitVariants(SMALL);
        // The JVMs compile what is hot before anything counts.
        int warm = requests / 2;
        for (int i = 0; i < warm; i++) {
          client.send(run.requests(), null, chat("w-" + i));
        }
        client.flush();
        results.await(warm, Duration.ofMinutes(5));
        long began = System.nanoTime();
        for (int i = 0; i < requests; i++) {
          client.send(run.requests(), null, chat("t-" + i));
        }
        client.flush();
        results.await(warm + requests, Duration.ofMinutes(5));
        double rate = requests / seconds(began);
        check(
            rate >= 3000,
            "%.0f requests/s from the first sent to the last result read".formatted(rate));
        figures.put("throughput_per_second", Math.round(rate));
      }
    }
  }

  /**
   * Calls on SmolLM2 beside bulk work from Kafka, and alone before and after it, so that a machine
   * that becomes slower or faster meanwhile does not count.
   */
  private void calls() throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      Run run = run(broker);
      Path config = run.config("one", SMALL, "");
      try (GearboxProcess gateway =
          GearboxProcess.serve("--config", config.toString(), "--offline")) {
        gateway.awaitVariants(SMALL);
        ttft(gateway, 100);
        List<Double> alone = ttft(gateway, 150);
        Instant end = Instant.now().plusSeconds(90);
        for (int i = 0; i < 3000; i++) {
          String more = ",\"class\":\"batch\",\"deadline\":\"" + end + "\"";
          client.send(
              run.requests(),
              null,
              KafkaClient.request("b-" + i, "auto", "Tell a long story.", 200, more));
        }
        client.flush();
        TimeUnit.SECONDS.sleep(5);
        double tokens = gateway.metric("vllm:generation_tokens_total");
        long began = System.nanoTime();
        List<Double> beside = ttft(gateway, 300);
        double rate =
            (gateway.metric("vllm:generation_tokens_total") - tokens) / Math.max(1, seconds(began));
        check(Instant.now().isBefore(end), "bulk work was there to the end");
        // What is left is past its deadline then.
        while (gateway.metric("gearbox_kafka_in_flight") > 0 || Instant.now().isBefore(end)) {
          TimeUnit.MILLISECONDS.sleep(200);
        }
        TimeUnit.SECONDS.sleep(2);
        alone.addAll(ttft(gateway, 150));
        double more = 100 * (percentile(beside, 95) / percentile(alone, 95) - 1);
        check(
            more <= 20,
            "TTFT p95 of calls %.0f ms alone, %.0f ms beside bulk work of %.0f tokens/s: %+.0f %%"
                .formatted(percentile(alone, 95), percentile(beside, 95), rate, more));
        figures.put("call_ttft_ms_alone", percentiles(alone));
        figures.put("call_ttft_ms_beside", percentiles(beside));
        figures.put("call_bulk_tokens_per_second", Math.round(rate));
      }
    }
  }

  /**
   * Milliseconds of one-token answers, one after another; to no prompt twice, or those that were
   * asked before would be found in the prefix cache.
   */
  private List<Double> ttft(GearboxProcess gateway, int calls) throws Exception {
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      long began = System.nanoTime();
      gateway.post(
          "/v1/chat/completions",
          "{\"model\":\"auto\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"Number %d, please.\"}]}"
              .formatted(++asked),
          "x-slo-class",
          "interactive");
      times.add((System.nanoTime() - began) / 1e6);
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return times;
  }

  private static double percentile(List<Double> values, int percent) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(percent * sorted.size() / 100);
  }

  private static Map<String, Double> percentiles(List<Double> values) {
    Map<String, Double> all = new LinkedHashMap<>();
    for (int percent : new int[] {50, 90, 95}) {
      all.put("p" + percent, Math.rint(10 * percentile(values, percent)) / 10);
    }
    return all;
  }

  private void outage() throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      Run run = run(broker);
      try (GearboxProcess gateway = run.rehearse("one", 200, "")) {
        gateway.awaitVariants(SMALL);
        for (int i = 0; i < 4000; i++) {
          client.send(run.requests(), null, chat("o-" + i));
        }
        client.flush();
        while (gateway.metric("gearbox_kafka_results_total") < 200) {
          TimeUnit.MILLISECONDS.sleep(50);
        }
        broker.kill();
        int good = 0;
        for (int i = 0; i < 30; i++) {
          good +=
              gateway
                          .post(
                              "/v1/chat/completions",
                              "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                          .statusCode()
                      == 200
                  ? 1
                  : 0;
          TimeUnit.SECONDS.sleep(1);
        }
        check(good == 30, good + " of 30 calls answered while the broker was gone for 30 s");
        broker.again();
        long back = System.nanoTime();
        double before = gateway.metric("gearbox_kafka_results_total");
        while (gateway.metric("gearbox_kafka_results_total") <= before) {
          TimeUnit.MILLISECONDS.sleep(50);
        }
        double recovery = seconds(back);
        figures.put("outage_recovery_seconds", recovery);
        try (var results = client.reader(run.results())) {
          results.await(4000, Duration.ofMinutes(3));
          results.readFor(Duration.ofSeconds(3));
          Set<String> ids = new HashSet<>();
          results.records.forEach(record -> ids.add(id(record)));
          check(
              ids.size() == 4000 && results.records.size() == 4000,
              "all 4,000 have one result, %.1f s after its return the first".formatted(recovery));
        }
      }
    }
  }

  /**
   * Mixed deadlines on real weights: the policy, and the reference alone, first come first served.
   */
  private void deadlines(int requests) throws Exception {
    Map<String, Object> table = new LinkedHashMap<>();
    table.put("policy", deadlines(requests, true));
    table.put("first_come_reference", deadlines(requests, false));
    figures.put("deadlines", table);
    check(
        attainment(table, "policy") > attainment(table, "first_come_reference"),
        "more deadlines are met by the policy than first come, first served by the reference");
    check(
        byReference(table, "patient") > byReference(table, "tight"),
        "who has time gets the reference more often than who has not");
  }

  private static double byReference(Map<String, Object> table, String kind) {
    return table.get("policy") instanceof Map<?, ?> row
            && row.get(kind + "_met_by_reference") instanceof Double met
            && row.get(kind) instanceof Double all
        ? met / all
        : 0;
  }

  private Map<String, Double> deadlines(int requests, boolean ours) throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      Run run = run(broker);
      Path config = run.config("one", ours ? LARGE + "," + SMALL : LARGE, "");
      try (GearboxProcess gateway =
              GearboxProcess.serve("--config", config.toString(), "--offline");
          var results = client.reader(run.results())) {
        gateway.awaitVariants(LARGE);
        if (ours) {
          gateway.awaitVariants(SMALL);
        }
        TimeUnit.SECONDS.sleep(5);
        Random random = new Random(7);
        Map<String, Instant> due = new HashMap<>();
        Instant began = Instant.now();
        for (int i = 0; i < requests; i++) {
          // A third is due within 10 to 40 s, the rest within two to ten minutes.
          int seconds = isTight(i) ? 10 + random.nextInt(30) : 120 + random.nextInt(480);
          Instant deadline = began.plusSeconds(seconds);
          due.put("d-" + i, deadline);
          // First come, first served: deadlines are nothing that this one could order by.
          String more = ours ? ",\"deadline\":\"" + deadline + "\"" : "";
          client.send(
              run.requests(),
              null,
              KafkaClient.request(
                  "d-" + i,
                  "auto",
                  "Name three things that begin with the letter " + (char) ('a' + i % 26) + ".",
                  24,
                  more));
        }
        client.flush();
        results.await(requests, Duration.ofMinutes(12));
        Map<String, Double> row = new LinkedHashMap<>();
        for (ConsumerRecord<String, String> each : results.records) {
          boolean met =
              KafkaClient.json(each).get("status").asInt() == 200
                  && !Instant.ofEpochMilli(each.timestamp())
                      .isAfter(due.getOrDefault(id(each), Instant.MIN));
          boolean best = LARGE.equals(KafkaClient.json(each).path("variant").asString(""));
          String kind = isTight(Integer.parseInt(id(each).substring(2))) ? "tight" : "patient";
          row.merge(kind, 1.0, Double::sum);
          row.merge("attainment", met ? 1.0 / requests : 0, Double::sum);
          row.merge(kind + "_met", met ? 1.0 : 0, Double::sum);
          row.merge(kind + "_met_by_reference", met && best ? 1.0 : 0, Double::sum);
        }
        row.put("seconds", seconds(began));
        say((ours ? "policy " : "first come, first served ") + row);
        return row;
      }
    }
  }

  private static boolean isTight(int number) {
    return number % 3 == 0;
  }

  private static double seconds(Instant since) {
    return Duration.between(since, Instant.now()).toMillis() / 1e3;
  }

  private static double attainment(Map<String, Object> table, String name) {
    return table.get(name) instanceof Map<?, ?> row && row.get("attainment") instanceof Double share
        ? share
        : 0;
  }

  private static double seconds(long since) {
    return Math.round((System.nanoTime() - since) / 1e8) / 10.0;
  }
}
