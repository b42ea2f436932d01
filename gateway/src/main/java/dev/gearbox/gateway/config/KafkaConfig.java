package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Requests that arrive as records, and where their results go.
 *
 * @param clientProperties file with further properties of Kafka's clients; null for none
 * @param instance name of this gateway, kept over restarts; null for its host and port
 * @param inFlight null for what the engines can take
 */
public record KafkaConfig(
    @Setting("Brokers to ask first, as HOST:PORT,HOST:PORT") String bootstrapServers,
    @Setting(value = "Topic of requests", byDefault = "gearbox.requests", pattern = NAME)
        String requests,
    @Setting(value = "Topic of results", byDefault = "gearbox.results", pattern = NAME)
        String results,
    @Setting(
            value = "Topic of records that cannot be answered",
            byDefault = "gearbox.dead-letters",
            pattern = NAME)
        String deadLetters,
    @Setting(
            value = "Topic of requests that failed in a way that may pass",
            byDefault = "gearbox.retries",
            pattern = NAME)
        String retries,
    @Setting(value = "Consumer group of the gateways", byDefault = "gearbox", pattern = NAME)
        String group,
    @Setting(
            value =
                "Name of this gateway, the same after a restart and no other gateway's; its host and"
                    + " port when absent",
            optional = true,
            pattern = NAME)
        @Nullable String instance,
    @Setting(
            value =
                "Group protocol: consumer (KIP-848), classic, or auto for the newest that the broker has",
            byDefault = "auto")
        Protocol protocol,
    @Setting(
            value =
                "How long a silent gateway keeps its partitions, with the classic protocol; else the"
                    + " broker says it",
            byDefault = "10s",
            min = 1,
            max = 1800)
        Duration sessionTimeout,
    @Setting(
            value = "Requests at once; what the engines can take when absent",
            optional = true,
            min = 1,
            max = 100_000)
        @Nullable Integer inFlight,
    @Setting(
            value = "Records fetched ahead, among which deadlines decide",
            byDefault = "2000",
            min = 1,
            max = 8000)
        int window,
    @Setting(
            value = "Bytes of records fetched ahead",
            byDefault = "64MB",
            min = 1024 * 1024,
            max = 4L * 1024 * 1024 * 1024)
        DataSize windowBytes,
    @Setting(
            value = "Largest request record",
            byDefault = "4MB",
            min = 1024,
            max = 1024 * 1024 * 1024)
        DataSize maxRecord,
    @Setting(
            value =
                "What becomes of a request whose deadline has passed: a result or a dead-letter",
            byDefault = "result")
        Expired expired,
    @Setting(
            value = "How often a request is tried that fails in a way that may pass",
            byDefault = "5",
            min = 1,
            max = 100)
        int attempts,
    @Setting(
            value = "Wait before the second attempt, doubled before each further one",
            byDefault = "1s",
            min = 0.001,
            max = 3600)
        Duration backoff,
    @Setting(
            value = "How long finished requests are gathered for one transaction",
            byDefault = "10ms",
            min = 0,
            max = 10)
        Duration linger,
    @Setting(
            value =
                "Whether requests with stream: true get their tokens as records before the result",
            byDefault = "false")
        boolean streaming,
    @Setting("How far back results are looked through for the id of a request") Dedupe dedupe,
    @Setting(
            value = "Whether topics that are missing are created, with the broker's defaults",
            byDefault = "true")
        boolean createTopics,
    @Setting(
            value = "A properties file for Kafka's clients (TLS, SASL), relative to this file",
            optional = true)
        @Nullable String clientProperties) {
  static final String NAME = "[A-Za-z0-9._-]{1,200}";

  /** How members of a group agree on who reads what. */
  public enum Protocol {
    /** The newest that the broker has. */
    AUTO,
    /** Rebalancing by the clients, cooperatively. */
    CLASSIC,
    /** Rebalancing by the broker. */
    CONSUMER
  }

  /** What becomes of a request whose deadline has passed. */
  public enum Expired {
    /** A result that says so. */
    RESULT,
    /** A dead letter, and no result. */
    DEAD_LETTER
  }

  /** How far back results are looked through. */
  public record Dedupe(
      @Setting(value = "Age of results at most", byDefault = "1h", min = 0, max = 366L * 86400)
          Duration window,
      @Setting(value = "Results at most", byDefault = "100000", min = 0, max = 10_000_000)
          int results) {}

  KafkaConfig resolved(Beside config) {
    return clientProperties == null
        ? this
        : new KafkaConfig(
            bootstrapServers,
            requests,
            results,
            deadLetters,
            retries,
            group,
            instance,
            protocol,
            sessionTimeout,
            inFlight,
            window,
            windowBytes,
            maxRecord,
            expired,
            attempts,
            backoff,
            linger,
            streaming,
            dedupe,
            createTopics,
            config.path(clientProperties));
  }
}
