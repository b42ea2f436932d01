package dev.gearbox.runtime;

import dev.gearbox.telemetry.record.EngineCounters;

/** What an engine has done so far; confined to the owner thread. */
final class EngineTotals {
  private long promptTokens;
  private long generatedTokens;
  private long prefixHitTokens;
  private long preemptions;

  /** A request entered the batch for the first time. */
  void entered(int prompt, int cached) {
    promptTokens += prompt;
    prefixHitTokens += cached;
  }

  void generated(int tokens) {
    generatedTokens += tokens;
  }

  void preempted(int sequences) {
    preemptions += sequences;
  }

  EngineCounters counters() {
    return new EngineCounters(
        promptTokens, generatedTokens, promptTokens, prefixHitTokens, preemptions);
  }
}
