package dev.gearbox.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.jspecify.annotations.Nullable;

/**
 * A real broker, as a process of its own from the jars on the test's class path: one node that is
 * its own controller. May be killed and started again on what it stored.
 */
final class KafkaBroker implements AutoCloseable {
  private static final Duration UP = Duration.ofMinutes(2);

  final int port;
  private final Path folder;
  private @Nullable Process process;

  private KafkaBroker(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /** A broker for a proof in another language: says where it is, and ends with its process. */
  public static void main(String[] args) throws Exception {
    KafkaBroker broker = start();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              try {
                broker.close();
              } catch (IOException e) {
                System.err.println(e);
              }
            }));
    System.out.println("broker: " + broker.servers());
    Thread.sleep(Long.MAX_VALUE);
  }

  /** A fresh broker that answers. */
  static KafkaBroker start() throws Exception {
    return start(Map.of());
  }

  /** The same with more of its own properties. */
  static KafkaBroker start(Map<String, String> more) throws Exception {
    Path folder = Files.createTempDirectory("gearbox-kafka");
    int port = GearboxProcess.freePort();
    int controller = GearboxProcess.freePort();
    Properties properties = new Properties();
    properties.putAll(
        Map.ofEntries(
            Map.entry("process.roles", "broker,controller"),
            Map.entry("node.id", "1"),
            Map.entry("controller.quorum.voters", "1@127.0.0.1:" + controller),
            Map.entry(
                "listeners",
                "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller),
            Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port),
            Map.entry("controller.listener.names", "CONTROLLER"),
            Map.entry("log.dirs", folder.resolve("data").toString()),
            Map.entry("num.partitions", "4"),
            Map.entry("offsets.topic.replication.factor", "1"),
            Map.entry("offsets.topic.num.partitions", "4"),
            Map.entry("transaction.state.log.replication.factor", "1"),
            Map.entry("transaction.state.log.num.partitions", "4"),
            Map.entry("transaction.state.log.min.isr", "1"),
            Map.entry("share.coordinator.state.topic.replication.factor", "1"),
            Map.entry("share.coordinator.state.topic.min.isr", "1"),
            Map.entry("group.initial.rebalance.delay.ms", "0"),
            // A gateway that was killed is missed soon.
            Map.entry("group.consumer.min.session.timeout.ms", "3000"),
            Map.entry("group.consumer.session.timeout.ms", "3000"),
            Map.entry("group.consumer.min.heartbeat.interval.ms", "500"),
            Map.entry("group.consumer.heartbeat.interval.ms", "500"),
            Map.entry("group.min.session.timeout.ms", "1000"),
            Map.entry("message.max.bytes", Integer.toString(32 << 20))));
    properties.putAll(more);
    try (var out = Files.newOutputStream(folder.resolve("server.properties"))) {
      properties.store(out, null);
    }
    KafkaBroker broker = new KafkaBroker(folder, port);
    String id = broker.run("kafka.tools.StorageTool", "random-uuid").lines().toList().getLast();
    broker.run(
        "kafka.tools.StorageTool", "format", "-t", id, "-c", broker.file("server.properties"));
    broker.again();
    return broker;
  }

  String servers() {
    return "127.0.0.1:" + port;
  }

  /** Starts it (again) and waits until it answers. */
  void again() throws Exception {
    List<String> command = command("kafka.Kafka", file("server.properties"));
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("broker.log").toFile()))
            .start();
    long deadline = System.nanoTime() + UP.toNanos();
    while (true) {
      try (Admin admin = admin()) {
        admin.describeCluster().nodes().get(3, TimeUnit.SECONDS);
        return;
      } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new AssertionError(
              "the broker did not start:\n" + Files.readString(folder.resolve("broker.log")), e);
        }
      }
    }
  }

  /** Ends it at once, as a power cut would. */
  void kill() throws InterruptedException {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().waitFor();
    }
  }

  void topic(String name, int partitions, Map<String, String> settings) throws Exception {
    try (Admin admin = admin()) {
      admin
          .createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(settings)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", servers(), "request.timeout.ms", "3000"));
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private String run(String main, String... arguments) throws IOException, InterruptedException {
    Process tool =
        new ProcessBuilder(command(main, arguments))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String out = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (tool.waitFor() != 0) {
      throw new AssertionError(main + " ends with " + tool.exitValue() + ": " + out);
    }
    return out;
  }

  private static List<String> command(String main, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=" + System.getProperty("gearbox.broker.tier", "4"),
                "-cp",
                System.getProperty("java.class.path"),
                main));
    command.addAll(List.of(arguments));
    return command;
  }

  @Override
  public void close() throws IOException {
    try {
      kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (var files = Files.walk(folder)) {
      for (Path each : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }
}
