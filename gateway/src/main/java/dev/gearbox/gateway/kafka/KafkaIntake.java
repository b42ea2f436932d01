package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.RequestParser;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.stream.Line;
import dev.gearbox.telemetry.meter.KafkaMeters;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests from Kafka, has them answered on the line, and writes their results: from its
 * start to its end, whether there is a broker or not. All of it happens on one thread. Thread-safe.
 */
public final class KafkaIntake implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaIntake.class);
  private static final long RETRY = Duration.ofSeconds(1).toNanos();
  private static final Duration END = Duration.ofSeconds(20);

  private final KafkaConfig config;
  private final Parts parts;
  private final KafkaClients clients;
  private final Thread thread;
  private volatile boolean draining;
  private volatile boolean closed;
  private volatile int busy;
  private boolean told;

  /**
   * What it works with.
   *
   * @param line where requests are answered
   * @param security who asks
   * @param places how many more requests the engines can take at this moment
   * @param clock monotonic nanoseconds
   * @param time of day, that of deadlines and of records
   * @param instance name of this gateway, the same after a restart
   */
  public record Parts(
      Line line,
      RequestParser parser,
      Security security,
      IntSupplier places,
      KafkaMeters meters,
      LongSupplier clock,
      InstantSource time,
      String instance) {}

  private KafkaIntake(KafkaConfig config, Parts parts) throws IOException {
    this.config = config;
    this.parts = parts;
    this.clients = new KafkaClients(config, parts.instance());
    this.thread = Thread.ofPlatform().name("gearbox-kafka").unstarted(this::run);
  }

  /**
   * Starts; returns at once. Brokers that cannot be reached are tried until they can.
   *
   * @throws IOException when the file with further properties cannot be read
   */
  public static KafkaIntake start(KafkaConfig config, Parts parts) throws IOException {
    KafkaIntake intake = new KafkaIntake(config, parts);
    intake.thread.start();
    return intake;
  }

  /** Takes up nothing new; once what runs is written it leaves the group, and others go on. */
  public void drain() {
    draining = true;
  }

  /** Requests that run, or whose results are not written. */
  public int busy() {
    return busy;
  }

  private void run() {
    while (!draining) {
      try (Session session = connect()) {
        if (session != null) {
          told = false;
          serve(session);
        }
      } catch (InterruptException e) {
        return;
      } catch (RuntimeException e) {
        // What was fetched and not committed is fetched again.
        LOG.error("event=kafka-session-lost reason=\"{}\"", e.toString(), e);
      }
      busy = 0;
      parts.meters().connected(false);
      if (!draining) {
        LockSupport.parkNanos(RETRY);
      }
    }
  }

  private @Nullable Session connect() {
    try {
      KafkaConfig.Protocol protocol = clients.prepare();
      Session session = new Session(config, parts, clients, protocol);
      LOG.info(
          "event=kafka-connected brokers={} group={} protocol={}",
          config.bootstrapServers(),
          config.group(),
          protocol);
      return session;
    } catch (KafkaException e) {
      if (!told) {
        told = true;
        LOG.warn(
            "event=kafka-unreachable brokers={} reason=\"{}\"",
            config.bootstrapServers(),
            e.toString());
      }
      return null;
    }
  }

  private void serve(Session session) {
    // One that drains and stayed would keep its partitions from those who could go on.
    while (!closed && !(draining && session.busy() == 0)) {
      session.step(draining);
      busy = session.busy();
    }
    LOG.info("event=kafka-left group={}", config.group());
  }

  /** Stops: what runs is given up, and answered by whoever reads its record next. */
  @Override
  public void close() {
    draining = true;
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join(END.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
