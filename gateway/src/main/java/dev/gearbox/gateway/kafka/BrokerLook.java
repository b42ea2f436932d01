package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.config.KafkaConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
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
    KafkaClients clients = new KafkaClients(config, "look");
    try (Admin admin = clients.admin(patience)) {
      int brokers = admin.describeCluster().nodes().get().size();
      return new BrokerLook(brokers, clients.missing(admin.listTopics().names().get()));
    } catch (ExecutionException | KafkaException e) {
      throw new IOException(reason(e.getCause() == null ? e : e.getCause()), e);
    }
  }

  private static String reason(Throwable cause) {
    String said = cause.getMessage();
    return said == null ? cause.getClass().getSimpleName() : said.replace('\n', ' ');
  }
}
