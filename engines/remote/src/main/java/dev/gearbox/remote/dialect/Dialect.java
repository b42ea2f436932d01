package dev.gearbox.remote.dialect;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A kind of OpenAI-compatible server. {@code gearbox engine} is a {@link #VLLM}: it speaks vLLM's
 * names.
 *
 * <pre>
 *                ids in  ids out  salt   queue, running, KV                      health
 *   vllm         yes     yes      yes    vllm:num_requests_waiting, …            /health
 *   sglang       yes     no       no     sglang:num_queue_reqs, …                /health
 *   trtllm       yes     no       no     trtllm_num_requests_waiting, …          /health
 *   triton       no      no       no     nv_trt_llm_request_metrics, …           /v1/models
 *   tgi          no      no       no     tgi_queue_size, tgi_batch_current_size  /health
 *   llama-server yes     no       no     llamacpp:requests_deferred, …           /health
 *   ollama       no      no       no     none: inferred from what is sent        /v1/models
 *   openai       no      no       no     none: inferred from what is sent        /v1/models
 * </pre>
 */
public enum Dialect {
  VLLM("/health", "/metrics", true, true, true),
  SGLANG("/health", "/metrics", true, false, true),
  TRTLLM("/health", "/prometheus/metrics", true, false, true),
  TRITON("/v1/models", ":8002/metrics", false, false, false),
  TGI("/health", "/metrics", false, false, false),
  LLAMA_SERVER("/health", "/metrics", true, false, true),
  OLLAMA("/v1/models", null, false, false, false),
  OPENAI("/v1/models", null, false, false, false);

  private final String healthPath;
  private final @Nullable String metricsPath;
  private final boolean takesTokens;
  private final boolean returnsTokens;
  private final boolean extended;

  Dialect(
      String healthPath,
      @Nullable String metricsPath,
      boolean takesTokens,
      boolean returnsTokens,
      boolean extended) {
    this.healthPath = healthPath;
    this.metricsPath = metricsPath;
    this.takesTokens = takesTokens;
    this.returnsTokens = returnsTokens;
    this.extended = extended;
  }

  /** As configuration writes it: {@code llama-server}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Answers 200 when it takes requests. */
  public String healthPath() {
    return healthPath;
  }

  /**
   * Where its metrics are: a path, or {@code :PORT/PATH} on the same host; null where it has none.
   */
  public @Nullable String metricsPath() {
    return metricsPath;
  }

  /** Whether {@code prompt} may be token ids. */
  public boolean takesTokens() {
    return takesTokens;
  }

  /** Whether it tells the ids of generated tokens ({@code return_token_ids}), and takes salts. */
  public boolean returnsTokens() {
    return returnsTokens;
  }

  /** Whether it knows {@code top_k}, {@code min_p}, {@code ignore_eos} and the like. */
  public boolean extended() {
    return extended;
  }

  /** Whether it goes on with a last message of the assistant's instead of answering it. */
  public boolean continues() {
    return this == VLLM || this == SGLANG || this == LLAMA_SERVER;
  }

  /** Whether it reports log-probabilities and takes {@code logit_bias}. */
  public boolean logprobs() {
    return this != OLLAMA && this != TRITON;
  }

  /** Whether {@link #signals} reads a metric of this name. */
  public boolean reads(String metric) {
    return switch (this) {
      case VLLM -> metric.startsWith("vllm:");
      case SGLANG -> metric.startsWith("sglang:");
      case TRTLLM -> metric.startsWith("trtllm_");
      case TRITON -> metric.startsWith("nv_trt_llm_");
      case TGI -> metric.startsWith("tgi_");
      case LLAMA_SERVER -> metric.startsWith("llamacpp:");
      case OLLAMA, OPENAI -> false;
    };
  }

  /**
   * What a page of metrics says.
   *
   * @param model name that the server has for the model, where its page tells models apart
   */
  public ServerSignals signals(MetricsPage page, String model) {
    return switch (this) {
      case VLLM -> vllm(page, model);
      case SGLANG -> sglang(page, model);
      case TRTLLM -> trtllm(page, model);
      case TRITON -> triton(page);
      case TGI -> tgi(page);
      case LLAMA_SERVER -> llamaServer(page);
      case OLLAMA, OPENAI -> ServerSignals.UNKNOWN;
    };
  }

  private static ServerSignals vllm(MetricsPage page, String model) {
    double usage = page.mean("vllm:kv_cache_usage_perc", model);
    return new ServerSignals(
        page.sum("vllm:num_requests_running", model),
        page.sum("vllm:num_requests_waiting", model),
        Double.isNaN(usage) ? page.mean("vllm:gpu_cache_usage_perc", model) : usage,
        largest(page, "vllm:cache_config_info", "block_size"),
        page.label("vllm:cache_config_info", "num_gpu_blocks", model),
        counter(page, "vllm:prefix_cache_queries", model),
        counter(page, "vllm:prefix_cache_hits", model));
  }

  private static ServerSignals sglang(MetricsPage page, String model) {
    double hits = counter(page, "sglang:cached_tokens", model);
    return new ServerSignals(
        page.sum("sglang:num_running_reqs", model),
        page.sum("sglang:num_queue_reqs", model),
        page.mean("sglang:token_usage", model),
        largest(page, "sglang:cache_config_info", "page_size"),
        page.label("sglang:cache_config_info", "num_pages", model),
        Double.isNaN(hits) ? Double.NaN : counter(page, "sglang:prompt_tokens", model),
        hits);
  }

  private static ServerSignals trtllm(MetricsPage page, String model) {
    return new ServerSignals(
        page.sum("trtllm_num_requests_running", model),
        page.sum("trtllm_num_requests_waiting", model),
        page.mean("trtllm_kv_cache_utilization", model),
        page.mean("trtllm_kv_cache_tokens_per_block", model),
        page.sum("trtllm_kv_cache_max_blocks", model),
        Double.NaN,
        Double.NaN);
  }

  private static ServerSignals triton(MetricsPage page) {
    String requests = "nv_trt_llm_request_metrics";
    String blocks = "nv_trt_llm_kv_cache_block_metrics";
    return new ServerSignals(
        of(page, requests, "request_type", "scheduled"),
        of(page, requests, "request_type", "waiting"),
        of(page, blocks, "kv_cache_block_type", "fraction"),
        of(page, blocks, "kv_cache_block_type", "tokens_per"),
        of(page, blocks, "kv_cache_block_type", "max"),
        Double.NaN,
        Double.NaN);
  }

  private static ServerSignals tgi(MetricsPage page) {
    return new ServerSignals(
        page.sum("tgi_batch_current_size", null),
        page.sum("tgi_queue_size", null),
        Double.NaN,
        Double.NaN,
        Double.NaN,
        Double.NaN,
        Double.NaN);
  }

  private static ServerSignals llamaServer(MetricsPage page) {
    return new ServerSignals(
        page.sum("llamacpp:requests_processing", null),
        page.sum("llamacpp:requests_deferred", null),
        page.sum("llamacpp:kv_cache_usage_ratio", null),
        Double.NaN,
        Double.NaN,
        Double.NaN,
        Double.NaN);
  }

  /** Prometheus' clients end counters in {@code _total}; some servers do not. */
  private static double counter(MetricsPage page, String name, String model) {
    double total = page.sum(name + "_total", model);
    return Double.isNaN(total) ? page.sum(name, model) : total;
  }

  private static double of(MetricsPage page, String name, String label, String value) {
    return page.samples(name).stream()
        .filter(sample -> value.equals(sample.labels().get(label)))
        .mapToDouble(MetricsPage.Sample::value)
        .reduce(Double::sum)
        .orElse(Double.NaN);
  }

  private static double largest(MetricsPage page, String name, String label) {
    double most = Double.NaN;
    for (MetricsPage.Sample sample : page.samples(name)) {
      double value = MetricsPage.number(sample.labels().get(label));
      most = Double.isNaN(most) || value > most ? value : most;
    }
    return most;
  }
}
