package dev.gearbox.telemetry.meter;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/**
 * Requests that arrive as Kafka records. Topics, partitions and reasons are as many as there are.
 */
public final class KafkaMeters {
  private static final double[] SLACK = {
    -3600, -60, -10, -1, 0, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 86400
  };
  private static final double[] AGE = {
    0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 6 * 3600, 86400
  };

  private final Gauge lag;
  private final Gauge inFlight;
  private final Gauge window;
  private final Gauge connected;
  private final Histogram slack;
  private final Histogram age;
  private final Counter results;
  private final Counter retries;
  private final Counter deadLetters;
  private final Counter committed;
  private final Counter aborted;

  KafkaMeters(CollectorRegistry registry) {
    lag =
        Gauge.build(MetricNames.KAFKA_LAG, "Records that are not finished, by partition.")
            .labelNames("topic", "partition")
            .register(registry);
    inFlight =
        Gauge.build(MetricNames.KAFKA_IN_FLIGHT, "Requests of records that run.")
            .register(registry);
    window =
        Gauge.build(MetricNames.KAFKA_WINDOW, "Records fetched that wait for their turn.")
            .register(registry);
    connected =
        Gauge.build(MetricNames.KAFKA_CONNECTED, "1 while results can be committed.")
            .register(registry);
    slack =
        Histogram.build(MetricNames.KAFKA_SLACK, "Time to the deadline when a request is taken up.")
            .buckets(SLACK)
            .register(registry);
    age =
        Histogram.build(MetricNames.KAFKA_AGE, "Age of a record when its request is taken up.")
            .buckets(AGE)
            .register(registry);
    results =
        Counter.build(MetricNames.KAFKA_RESULTS, "Results committed, by status.")
            .labelNames("code")
            .register(registry);
    retries =
        Counter.build(MetricNames.KAFKA_RETRIES, "Requests put off to a further attempt.")
            .register(registry);
    deadLetters =
        Counter.build(MetricNames.KAFKA_DEAD_LETTERS, "Dead letters, by reason.")
            .labelNames("reason")
            .register(registry);
    committed =
        Counter.build(MetricNames.KAFKA_COMMITTED, "Transactions committed.").register(registry);
    aborted =
        Counter.build(
                MetricNames.KAFKA_ABORTED, "Transactions aborted, or given up without an answer.")
            .register(registry);
  }

  public void lag(String topic, int partition, long records) {
    lag.labels(topic, Integer.toString(partition)).set((double) records);
  }

  /** The partition is another gateway's. */
  public void gone(String topic, int partition) {
    lag.remove(topic, Integer.toString(partition));
  }

  public void load(int running, int waiting) {
    inFlight.set(running);
    window.set(waiting);
  }

  public void connected(boolean yes) {
    connected.set(yes ? 1 : 0);
  }

  /**
   * A request is taken up.
   *
   * @param ageSeconds since its record was written
   * @param slackSeconds to its deadline; infinite without one
   */
  public void taken(double ageSeconds, double slackSeconds) {
    age.observe(ageSeconds);
    if (slackSeconds < Double.POSITIVE_INFINITY) {
      slack.observe(slackSeconds);
    }
  }

  public void result(int code) {
    results.labels(Integer.toString(code)).inc();
  }

  public void retried() {
    retries.inc();
  }

  /** A dead letter; {@code reason} is one of few codes. */
  public void deadLetter(String reason) {
    deadLetters.labels(reason).inc();
  }

  public void committed() {
    committed.inc();
  }

  public void aborted() {
    aborted.inc();
  }
}
