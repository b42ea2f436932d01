package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.watch.FileWatch;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.security.auth.SslEngineFactory;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's own TLS, which reads its files once, with files that may change: a connection is made by
 * what is in them at that moment. Kafka makes it by its name, and calls it on the thread of the
 * client.
 */
public final class LiveSslEngineFactory implements SslEngineFactory {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSslEngineFactory.class);
  private static final String[] FILES = {"ssl.keystore.location", "ssl.truststore.location"};

  private Map<String, ?> configs = Map.of();
  private DefaultSslEngineFactory now = new DefaultSslEngineFactory();
  private int taken;

  @Override
  public synchronized void configure(Map<String, ?> given) {
    configs = Map.copyOf(withoutNulls(given));
    taken = print();
    now.configure(given);
  }

  private static Map<String, Object> withoutNulls(Map<String, ?> given) {
    Map<String, Object> kept = new java.util.HashMap<>();
    given.forEach((key, value) -> {
      if (value != null) {
        kept.put(key, value);
      }
    });
    return kept;
  }

  private synchronized DefaultSslEngineFactory latest() {
    int print = print();
    if (print != taken) {
      // Files that cannot be used are not tried again until they change once more.
      taken = print;
      try {
        DefaultSslEngineFactory next = new DefaultSslEngineFactory();
        next.configure(configs);
        now = next;
        LOG.info("event=kafka_certificates_changed");
      } catch (KafkaException e) {
        LOG.warn("event=kafka_certificates_kept reason=\"{}\"", e.getMessage());
      }
    }
    return now;
  }

  private int print() {
    return FileWatch.contents(
        Stream.of(FILES)
            .<@Nullable Object>map(configs::get)
            .filter(Objects::nonNull)
            .map(file -> Path.of(file.toString()))
            .toList());
  }

  @Override
  public SSLEngine createClientSslEngine(String host, int port, String endpointIdentification) {
    return latest().createClientSslEngine(host, port, endpointIdentification);
  }

  @Override
  public SSLEngine createServerSslEngine(String host, int port) {
    return latest().createServerSslEngine(host, port);
  }

  @Override
  public boolean shouldBeRebuilt(Map<String, Object> next) {
    return now.shouldBeRebuilt(next);
  }

  @Override
  public Set<String> reconfigurableConfigs() {
    return now.reconfigurableConfigs();
  }

  @Override
  public @Nullable KeyStore keystore() {
    return now.keystore();
  }

  @Override
  public @Nullable KeyStore truststore() {
    return now.truststore();
  }

  @Override
  public void close() {
    // Holds nothing but what was read.
  }
}
