package dev.gearbox.telemetry.record;

/**
 * One step of one engine and what it cost: an observation for the latency model.
 *
 * @param engine id of the engine
 * @param device id of the device it ran on
 * @param decodeSequences sequences that computed one token (plus drafts) after their prefill
 * @param contextTokens context length summed over those sequences
 * @param prefillTokens prompt tokens computed in this step
 * @param prefillContext Σ chunk · (context before the chunk + chunk / 2) over the prefill chunks:
 *     the attention work of the step's prefill
 * @param otherStepsNanos time that steps of other engines took on the device since this engine's
 *     previous step ended
 * @param nanos duration of the step
 * @param endedNanos when it ended, on the injected monotonic clock
 */
public record StepRecord(
    String engine,
    String device,
    int decodeSequences,
    long contextTokens,
    int prefillTokens,
    double prefillContext,
    long otherStepsNanos,
    long nanos,
    long endedNanos) {}
