package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.config.KafkaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Makes Kafka's clients as the configuration asks for them. */
final class KafkaClients {
  /** No call to a broker holds the intake's thread longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** A transaction of a gateway that died holds readers up for so long at most. */
  private static final Duration TRANSACTION = Duration.ofSeconds(15);

  private static final String FEATURE = "group.version";

  private final KafkaConfig config;
  private final String instance;
  private final Properties shared = new Properties();

  /**
   * Clients of one gateway.
   *
   * @param instance its name, the same after a restart
   * @throws IOException when the file with further properties cannot be read
   */
  KafkaClients(KafkaConfig config, String instance) throws IOException {
    this.config = config;
    this.instance = instance;
    String file = config.clientProperties();
    if (file != null) {
      try (InputStream in = Files.newInputStream(Path.of(file))) {
        shared.load(in);
      }
    }
    if (shared.getProperty("security.protocol", "").endsWith("SSL")) {
      shared.putIfAbsent("ssl.engine.factory.class", LiveSslEngineFactory.class.getName());
    }
    shared.put("bootstrap.servers", config.bootstrapServers());
    shared.put("client.id", "gearbox-" + instance);
    // A broker that comes back is to be found within about a second.
    shared.put("reconnect.backoff.max.ms", "1000");
  }

  /**
   * Creates the topics that are missing, and says which protocol the group is to speak.
   *
   * @throws KafkaException while the broker cannot be reached
   */
  KafkaConfig.Protocol prepare() {
    try (Admin admin = admin(PATIENCE)) {
      if (config.createTopics()) {
        create(admin);
      }
      return switch (config.protocol()) {
        case CLASSIC -> KafkaConfig.Protocol.CLASSIC;
        case CONSUMER -> KafkaConfig.Protocol.CONSUMER;
        case AUTO -> newest(admin);
      };
    } catch (ExecutionException | TimeoutException e) {
      throw new KafkaException("no broker answers: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new org.apache.kafka.common.errors.InterruptException(e);
    }
  }

  /** A client that asks about the cluster, and gives up after {@code patience}. */
  Admin admin(Duration patience) {
    Properties properties = copy();
    properties.put("default.api.timeout.ms", millis(patience));
    properties.put("request.timeout.ms", millis(patience));
    return Admin.create(properties);
  }

  /** Topics of the configuration that are not among these. */
  List<String> missing(Set<String> there) {
    return Stream.of(config.requests(), config.results(), config.deadLetters(), config.retries())
        .filter(topic -> !there.contains(topic))
        .toList();
  }

  private void create(Admin admin)
      throws ExecutionException, InterruptedException, TimeoutException {
    Set<String> there = admin.listTopics().names().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    List<NewTopic> missing =
        missing(there).stream()
            .map(topic -> new NewTopic(topic, Optional.empty(), Optional.empty()))
            .toList();
    try {
      admin.createTopics(missing).all().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
  }

  private static KafkaConfig.Protocol newest(Admin admin)
      throws ExecutionException, InterruptedException, TimeoutException {
    FinalizedVersionRange groups =
        admin
            .describeFeatures()
            .featureMetadata()
            .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
            .finalizedFeatures()
            .get(FEATURE);
    return groups != null && groups.maxVersionLevel() >= 1
        ? KafkaConfig.Protocol.CONSUMER
        : KafkaConfig.Protocol.CLASSIC;
  }

  /** The consumer of requests. */
  Consumer<byte[], byte[]> requests(KafkaConfig.Protocol protocol) {
    Properties properties = reading();
    properties.put("group.id", config.group());
    properties.put("auto.offset.reset", "earliest");
    properties.put("max.poll.records", "500");
    properties.put("fetch.max.bytes", Long.toString(config.windowBytes().bytes() / 4));
    properties.put("max.partition.fetch.bytes", "2097152");
    if (protocol == KafkaConfig.Protocol.CONSUMER) {
      properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
      // Topic by topic: by count alone, one gateway gets the requests and another the empty
      // retries.
      properties.put(ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG, "range");
    } else {
      properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
      properties.put(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          CooperativeStickyAssignor.class.getName());
      properties.put("session.timeout.ms", millis(config.sessionTimeout()));
      properties.put("heartbeat.interval.ms", millis(config.sessionTimeout().dividedBy(4)));
      // Its partitions are its own again at once after a restart.
      properties.put("group.instance.id", instance);
    }
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** A consumer of no group. */
  Consumer<byte[], byte[]> results() {
    return new KafkaConsumer<>(reading(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private Properties reading() {
    Properties properties = copy();
    properties.put("isolation.level", "read_committed");
    properties.put("enable.auto.commit", "false");
    properties.put("default.api.timeout.ms", millis(PATIENCE));
    properties.put("request.timeout.ms", millis(PATIENCE));
    return properties;
  }

  /** A producer of requests. */
  Producer<byte[], byte[]> plain() {
    Properties properties = writing();
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** A producer of transactions. */
  Producer<byte[], byte[]> transactions() {
    Properties properties = writing();
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, config.group() + "-" + instance);
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, millis(TRANSACTION));
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private Properties writing() {
    Properties properties = copy();
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, millis(PATIENCE));
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis(PATIENCE));
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis(PATIENCE.multipliedBy(2)));
    properties.put(ProducerConfig.LINGER_MS_CONFIG, "2");
    properties.put(ProducerConfig.BATCH_SIZE_CONFIG, "131072");
    properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(32 << 20));
    return properties;
  }

  private Properties copy() {
    Properties properties = new Properties();
    properties.putAll(shared);
    return properties;
  }

  private static String millis(Duration duration) {
    return Long.toString(duration.toMillis());
  }
}
