package dev.gearbox.policy.fact;

/**
 * What the latency model expects of a candidate. Seconds unless said otherwise; all finite.
 *
 * @param ttft time to first token from arrival as the step model has it, uncorrected
 * @param tpot time per output token as the step model has it, uncorrected
 * @param total arrival to last token as the step model has it, uncorrected
 * @param ttftP50 median time to first token
 * @param ttftHigh time to first token at the class's attainment quantile
 * @param tpotP50 median time per output token
 * @param tpotHigh time per output token at the class's attainment quantile
 * @param meets probability of meeting every latency target, 0 to 1
 * @param meetsIfUnknown the same with errors twice as wide, for an engine whose signal is old
 * @param work device-seconds that the request will use
 */
public record Forecast(
    double ttft,
    double tpot,
    double total,
    double ttftP50,
    double ttftHigh,
    double tpotP50,
    double tpotHigh,
    double meets,
    double meetsIfUnknown,
    double work) {}
