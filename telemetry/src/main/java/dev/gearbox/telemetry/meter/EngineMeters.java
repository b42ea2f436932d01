package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineNames;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;

/**
 * What engines did, by vLLM's names; labels {@code model_name} (the variant) and {@code engine}.
 */
final class EngineMeters {
  private static final String[] LABELS = {"model_name", "engine"};

  private final Exemplars exemplars = new Exemplars();
  private final Labels engines;
  private final Labels variants;
  private final Histogram ttft;
  private final Histogram interToken;
  private final Histogram e2e;
  private final Histogram queueTime;
  private final Histogram prefillTime;
  private final Histogram decodeTime;
  private final Histogram requestPrompt;
  private final Histogram requestGeneration;
  private final Histogram requestMaxGeneration;
  private final Histogram iterationTokens;
  private final Counter promptTokens;
  private final Counter generationTokens;
  private final Counter prefixQueries;
  private final Counter prefixHits;
  private final Counter success;

  EngineMeters(CollectorRegistry registry, int labelValues) {
    engines = new Labels(labelValues);
    variants = new Labels(labelValues);
    ttft = histogram(registry, MetricNames.TTFT, "Time to first token.", Buckets.FIRST_TOKEN);
    interToken =
        histogram(registry, MetricNames.INTER_TOKEN, "Time between tokens.", Buckets.PER_TOKEN);
    e2e = histogram(registry, MetricNames.E2E, "Arrival to last token.", Buckets.REQUEST);
    queueTime = histogram(registry, MetricNames.QUEUE_TIME, "Time in the queue.", Buckets.REQUEST);
    prefillTime =
        histogram(registry, MetricNames.PREFILL_TIME, "Time in prefill.", Buckets.REQUEST);
    decodeTime = histogram(registry, MetricNames.DECODE_TIME, "Time in decode.", Buckets.REQUEST);
    requestPrompt =
        histogram(registry, MetricNames.REQUEST_PROMPT, "Prompt tokens.", Buckets.TOKENS);
    requestGeneration =
        histogram(registry, MetricNames.REQUEST_GENERATION, "Generated tokens.", Buckets.TOKENS);
    requestMaxGeneration =
        histogram(
            registry,
            MetricNames.REQUEST_MAX_GENERATION,
            "Tokens of a request's longest answer.",
            Buckets.TOKENS);
    iterationTokens =
        histogram(registry, MetricNames.ITERATION_TOKENS, "Tokens of a step.", Buckets.STEP_TOKENS);
    promptTokens = counter(registry, MetricNames.PROMPT_TOKENS, "Prompt tokens processed.");
    generationTokens = counter(registry, MetricNames.GENERATION_TOKENS, "Tokens generated.");
    prefixQueries = counter(registry, MetricNames.PREFIX_QUERIES, "Tokens looked up in the cache.");
    prefixHits = counter(registry, MetricNames.PREFIX_HITS, "Tokens found in the cache.");
    success =
        Counter.build(MetricNames.SUCCESS, "Requests that ended in the engine, by reason.")
            .labelNames("model_name", "engine", "finished_reason")
            .register(registry);
  }

  void step(StepRecord step) {
    String engine = engines.bound(step.engine());
    String variant = variants.bound(EngineNames.variant(step.engine()));
    iterationTokens.labels(variant, engine).observe(step.decodeSequences() + step.prefillTokens());
    // A sequence in decode waits for its own step and for those of the device's other engines.
    double gap = (step.nanos() + step.otherStepsNanos()) / 1e9;
    Histogram.Child gaps = interToken.labels(variant, engine);
    for (int i = 0; i < step.decodeSequences(); i++) {
      gaps.observe(gap);
    }
  }

  void finished(RequestTimeline timeline) {
    String at = timeline.engine();
    if (at != null) {
      exemplars.observe(timeline, () -> count(at, timeline));
    }
  }

  private void count(String at, RequestTimeline timeline) {
    String engine = engines.bound(at);
    String variant = variants.bound(timeline.variant());
    var tokens = timeline.tokens();
    var timings = timeline.timings();
    promptTokens.labels(variant, engine).inc(tokens.prompt());
    generationTokens.labels(variant, engine).inc(tokens.generated());
    prefixQueries.labels(variant, engine).inc(tokens.prompt());
    prefixHits.labels(variant, engine).inc(tokens.cached());
    requestPrompt.labels(variant, engine).observe(tokens.prompt());
    requestGeneration.labels(variant, engine).observe(tokens.generated());
    requestMaxGeneration.labels(variant, engine).observe(tokens.longest());
    queueTime.labels(variant, engine).observe(timings.queued() / 1e9);
    prefillTime.labels(variant, engine).observe(timings.prefill() / 1e9);
    decodeTime.labels(variant, engine).observe(timings.decode() / 1e9);
    e2e.labels(variant, engine).observe(timeline.totalSeconds());
    if (timeline.firstToken() != 0) {
      ttft.labels(variant, engine).observe(timeline.ttftSeconds());
    }
    success.labels(variant, engine, reason(timeline)).inc();
  }

  /** vLLM's words for how a request ended. */
  private static String reason(RequestTimeline timeline) {
    return switch (timeline.outcome()) {
      case STOP -> "stop";
      case LENGTH -> "length";
      case CANCELLED, EXPIRED, REFUSED -> "abort";
      case FAILED -> "error";
    };
  }

  private Histogram histogram(
      CollectorRegistry registry, String name, String help, double[] buckets) {
    return exemplars.histogram(name, help).labelNames(LABELS).buckets(buckets).register(registry);
  }

  private static Counter counter(CollectorRegistry registry, String name, String help) {
    return Counter.build(name, help).labelNames(LABELS).register(registry);
  }
}
