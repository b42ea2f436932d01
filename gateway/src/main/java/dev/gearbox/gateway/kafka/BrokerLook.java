package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.config.KafkaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/**
 * One look at the brokers of a configuration.
 *
 * @param brokers that are up
 * @param missing topics of the configuration that are not there
 */
public record BrokerLook(int brokers, List<String> missing) {
  /**
   * Looks; changes nothing.
   *
   * @throws IOException when no broker answers in {@code patience}, with the reason
   */
  public static BrokerLook at(KafkaConfig config, Duration patience)
      throws IOException, InterruptedException {
    Properties properties = new Properties();
    String file = config.clientProperties();
    if (file != null) {
      try (InputStream in = Files.newInputStream(Path.of(file))) {
        properties.load(in);
      }
    }
    properties.put("bootstrap.servers", config.bootstrapServers());
    properties.put("default.api.timeout.ms", Long.toString(patience.toMillis()));
    properties.put("request.timeout.ms", Long.toString(patience.toMillis()));
    try (Admin admin = Admin.create(properties)) {
      int brokers = admin.describeCluster().nodes().get().size();
      Set<String> there = admin.listTopics().names().get();
      return new BrokerLook(
          brokers,
          Stream.of(config.requests(), config.results(), config.deadLetters(), config.retries())
              .filter(topic -> !there.contains(topic))
              .toList());
    } catch (ExecutionException e) {
      throw new IOException(reason(e.getCause() == null ? e : e.getCause()), e);
    } catch (KafkaException e) {
      throw new IOException(reason(e.getCause() == null ? e : e.getCause()), e);
    }
  }

  private static String reason(Throwable cause) {
    String said = cause.getMessage();
    return said == null ? cause.getClass().getSimpleName() : said.replace('\n', ' ');
  }
}
