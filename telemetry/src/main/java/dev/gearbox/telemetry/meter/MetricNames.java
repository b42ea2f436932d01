package dev.gearbox.telemetry.meter;

/** Every metric and label name, in one place. Engines speak vLLM's names, the rest is Gearbox's. */
public final class MetricNames {
  public static final String RUNNING = "vllm:num_requests_running";
  public static final String WAITING = "vllm:num_requests_waiting";
  public static final String KV_USAGE = "vllm:kv_cache_usage_perc";
  public static final String CACHE_CONFIG = "vllm:cache_config_info";
  public static final String LORA_INFO = "vllm:lora_requests_info";
  public static final String TTFT = "vllm:time_to_first_token_seconds";
  public static final String INTER_TOKEN = "vllm:inter_token_latency_seconds";
  public static final String E2E = "vllm:e2e_request_latency_seconds";
  public static final String QUEUE_TIME = "vllm:request_queue_time_seconds";
  public static final String PREFILL_TIME = "vllm:request_prefill_time_seconds";
  public static final String DECODE_TIME = "vllm:request_decode_time_seconds";
  public static final String PROMPT_TOKENS = "vllm:prompt_tokens_total";
  public static final String GENERATION_TOKENS = "vllm:generation_tokens_total";
  public static final String SUCCESS = "vllm:request_success_total";
  public static final String PREFIX_QUERIES = "vllm:prefix_cache_queries_total";
  public static final String PREFIX_HITS = "vllm:prefix_cache_hits_total";
  public static final String DRAFTS = "vllm:spec_decode_num_drafts_total";
  public static final String DRAFT_TOKENS = "vllm:spec_decode_num_draft_tokens_total";
  public static final String ACCEPTED_TOKENS = "vllm:spec_decode_num_accepted_tokens_total";
  public static final String PREEMPTIONS = "vllm:num_preemptions_total";
  public static final String REQUEST_PROMPT = "vllm:request_prompt_tokens";
  public static final String REQUEST_GENERATION = "vllm:request_generation_tokens";
  public static final String REQUEST_MAX_GENERATION = "vllm:request_max_num_generation_tokens";
  public static final String ITERATION_TOKENS = "vllm:iteration_tokens_total";

  public static final String SERVER_DURATION = "gen_ai_server_request_duration_seconds";
  public static final String SERVER_TTFT = "gen_ai_server_time_to_first_token_seconds";
  public static final String SERVER_TPOT = "gen_ai_server_time_per_output_token_seconds";
  public static final String CLIENT_TOKENS = "gen_ai_client_token_usage";

  public static final String REQUESTS = "gearbox_requests_total";
  public static final String OVERHEAD = "gearbox_gateway_overhead_seconds";
  public static final String REFUSED = "gearbox_refused_total";
  public static final String RESCUES = "gearbox_rescues_total";
  public static final String ATTAINMENT = "gearbox_attainment_total";
  public static final String BUDGET_REMAINING = "gearbox_error_budget_remaining";
  public static final String BURN_RATE = "gearbox_burn_rate";
  public static final String DECISION = "gearbox_decision_seconds";
  public static final String QUALITY_SERVED = "gearbox_quality_served";
  public static final String COST = "gearbox_cost_total";
  public static final String PREDICTED_OVER_ACTUAL = "gearbox_predicted_over_actual";
  public static final String COVERAGE = "gearbox_prediction_coverage";
  public static final String BAND_WIDTH = "gearbox_prediction_width";
  public static final String PINBALL = "gearbox_prediction_pinball_loss";
  public static final String DRIFT = "gearbox_prediction_drift_total";
  public static final String CONSERVATIVE = "gearbox_prediction_conservative";
  public static final String BRIER = "gearbox_prediction_brier";
  public static final String MEETS_ERROR = "gearbox_prediction_meets_error";
  public static final String RULE_FIRED = "gearbox_rule_fired_total";
  public static final String SWITCHES = "gearbox_engine_switches_total";
  public static final String SHADOW_DELTA = "gearbox_shadow_delta";
  public static final String SHADOW_LOW = "gearbox_shadow_delta_low";
  public static final String SHADOW_HIGH = "gearbox_shadow_delta_high";
  public static final String RECORDS_WRITTEN = "gearbox_decision_records_written_total";
  public static final String RECORDS_DROPPED = "gearbox_decision_records_dropped_total";
  public static final String RECORD_BYTES = "gearbox_decision_record_bytes";
  public static final String AUDITS = "gearbox_audits_total";
  public static final String AUDIT_GAP = "gearbox_audit_gap_nats_per_byte";
  public static final String AUDIT_KL = "gearbox_audit_kl_nats_per_byte";
  public static final String AUDIT_DRIFT = "gearbox_audit_drift";
  public static final String AUDIT_REVOKED = "gearbox_audit_revoked";
  public static final String POLICY_INFO = "gearbox_policy_info";
  public static final String RELOAD_FAILED = "gearbox_policy_reload_failed";
  public static final String ENGINE_STATE = "gearbox_engine_state";
  public static final String TRACES_DROPPED = "gearbox_traces_dropped_total";
  public static final String OBJECTIVE = "gearbox_attainment_objective";
  public static final String ENERGY = "gearbox_energy_joules_total";
  public static final String THREADS = "jvm_threads_current";
  public static final String DROPPED = "gearbox_telemetry_dropped_total";

  public static final String BATCHES_RUNNING = "gearbox_batches_running";
  public static final String BATCH_AGE = "gearbox_batch_age_seconds";
  public static final String BATCH_REQUIRED = "gearbox_batch_required_lines_per_second";
  public static final String BATCH_LINES = "gearbox_batch_lines_total";
  public static final String KAFKA_LAG = "gearbox_kafka_lag";
  public static final String KAFKA_SLACK = "gearbox_kafka_deadline_slack_seconds";
  public static final String KAFKA_AGE = "gearbox_kafka_event_age_seconds";
  public static final String KAFKA_IN_FLIGHT = "gearbox_kafka_in_flight";
  public static final String KAFKA_WINDOW = "gearbox_kafka_window";
  public static final String KAFKA_CONNECTED = "gearbox_kafka_connected";
  public static final String KAFKA_RESULTS = "gearbox_kafka_results_total";
  public static final String KAFKA_RETRIES = "gearbox_kafka_retries_total";
  public static final String KAFKA_DEAD_LETTERS = "gearbox_kafka_dead_letters_total";
  public static final String KAFKA_COMMITTED = "gearbox_kafka_transactions_committed_total";
  public static final String KAFKA_ABORTED = "gearbox_kafka_transactions_aborted_total";

  /** Target label of a request that met every target it carried. */
  public static final String ALL_TARGETS = "all";

  /** Label value of whatever is beyond the bound. */
  public static final String OTHER = "other";

  /** Label value of what does not apply. */
  public static final String NONE = "none";

  private MetricNames() {}
}
