package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.record.RequestTimeline;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import java.util.Collection;

/** What went through the gateway: OpenTelemetry's GenAI names and Gearbox's own. */
public final class GatewayMeters {
  private static final String[] GEN_AI = {"gen_ai_provider_name", "gen_ai_request_model"};
  private static final String PROVIDER = "gearbox";

  private final Exemplars exemplars = new Exemplars();
  private final Labels models;
  private final Labels variants;
  private final Labels pools;
  private final Labels classes;
  private final Counter requests;
  private final Counter refused;
  private final Counter rescues;
  private final Histogram overhead;
  private final Histogram duration;
  private final Histogram ttft;
  private final Histogram tpot;
  private final Histogram usage;

  GatewayMeters(CollectorRegistry registry, int labelValues) {
    models = new Labels(labelValues);
    variants = new Labels(labelValues);
    pools = new Labels(labelValues);
    classes = new Labels(labelValues);
    requests =
        Counter.build(MetricNames.REQUESTS, "Requests that ended, by what the client saw.")
            .labelNames("model", "variant", "pool", "class", "code")
            .register(registry);
    refused =
        Counter.build(MetricNames.REFUSED, "Requests refused, by reason.")
            .labelNames("reason", "class")
            .register(registry);
    rescues =
        Counter.build(
                MetricNames.RESCUES, "Answers that one engine began and one of this pool ended.")
            .labelNames("pool")
            .register(registry);
    overhead =
        Histogram.build(MetricNames.OVERHEAD, "Time that the gateway itself took of a request.")
            .buckets(Buckets.MICRO)
            .register(registry);
    duration = genAi(registry, MetricNames.SERVER_DURATION, "Request time.", Buckets.REQUEST);
    ttft = genAi(registry, MetricNames.SERVER_TTFT, "Time to first token.", Buckets.FIRST_TOKEN);
    tpot =
        genAi(
            registry,
            MetricNames.SERVER_TPOT,
            "Time per output token after the first.",
            Buckets.PER_TOKEN);
    usage =
        exemplars
            .histogram(MetricNames.CLIENT_TOKENS, "Tokens of a request.")
            .labelNames("gen_ai_provider_name", "gen_ai_request_model", "gen_ai_token_type")
            .buckets(Buckets.USAGE)
            .register(registry);
  }

  /** Names the models that there are. */
  public void expect(Collection<String> names) {
    names.forEach(models::bound);
  }

  /** Counts a refusal, whoever made it; {@code reason} is the error code of the API. */
  public void refused(String reason, String serviceClass) {
    refused.labels(reason, classes.bound(serviceClass)).inc();
  }

  /** Time in seconds that the gateway itself took of one request. */
  public void overhead(double seconds) {
    overhead.observe(seconds);
  }

  void finished(RequestTimeline timeline) {
    exemplars.observe(timeline, () -> count(timeline));
  }

  private void count(RequestTimeline timeline) {
    // What a client names that does not exist must not take the place of a name that does.
    String model =
        timeline.engine() == null ? models.known(timeline.model()) : models.bound(timeline.model());
    requests
        .labels(
            model,
            variants.bound(timeline.variant()),
            pools.bound(timeline.pool()),
            classes.bound(timeline.serviceClass()),
            Integer.toString(timeline.code()))
        .inc();
    if (!timeline.begunBy().isEmpty()) {
      rescues.labels(pools.bound(timeline.pool())).inc();
    }
    duration.labels(PROVIDER, model).observe(timeline.totalSeconds());
    if (timeline.firstToken() == 0) {
      return;
    }
    ttft.labels(PROVIDER, model).observe(timeline.ttftSeconds());
    if (timeline.tokens().generated() > 1) {
      tpot.labels(PROVIDER, model).observe(timeline.tpotSeconds());
    }
    usage.labels(PROVIDER, model, "input").observe(timeline.tokens().prompt());
    usage.labels(PROVIDER, model, "output").observe(timeline.tokens().generated());
  }

  private Histogram genAi(CollectorRegistry registry, String name, String help, double[] buckets) {
    return exemplars.histogram(name, help).labelNames(GEN_AI).buckets(buckets).register(registry);
  }
}
