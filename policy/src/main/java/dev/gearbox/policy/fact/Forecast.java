package dev.gearbox.policy.fact;

/**
 * What the latency model expects of a candidate. Seconds unless said otherwise; all finite.
 *
 * @param ttft time to first token from arrival as the step model has it at this crowding
 * @param tpot time per output token as the step model has it at this crowding
 * @param total arrival to last token as the step model has it at this crowding
 * @param ttftP50 median time to first token
 * @param ttftHigh time to first token at the class's attainment quantile
 * @param tpotP50 median time per output token
 * @param tpotHigh time per output token at the class's attainment quantile
 * @param rawMeets probability of meeting every latency target, 0 to 1, as the error bands have it
 * @param meets the same as past answers of such a probability turned out
 * @param meetsIfUnknown the same with errors twice as wide, for an engine whose signal is old
 * @param work device-seconds that the request will use
 * @param meetsIdle probability of meeting every latency target on the device without anybody else,
 *     as the error bands have it
 * @param ttftCrowding logarithm of how many times as long as on the device without anybody else the
 *     first token takes
 * @param tpotCrowding the same of the time per output token
 * @param totalCrowding the same of the whole answer
 * @param widening how many times as wide as learned the errors were taken, for an old signal or a
 *     band that does not hold; 1 is as learned
 * @param conservative whether a band was taken wider because it did not hold lately
 */
public record Forecast(
    double ttft,
    double tpot,
    double total,
    double ttftP50,
    double ttftHigh,
    double tpotP50,
    double tpotHigh,
    double rawMeets,
    double meets,
    double meetsIfUnknown,
    double work,
    double meetsIdle,
    double ttftCrowding,
    double tpotCrowding,
    double totalCrowding,
    double widening,
    boolean conservative) {}
