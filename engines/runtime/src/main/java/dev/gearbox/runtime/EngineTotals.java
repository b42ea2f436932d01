package dev.gearbox.runtime;

import dev.gearbox.telemetry.record.EngineCounters;

/** What an engine has done so far; confined to the owner thread. */
final class EngineTotals {
  private long promptTokens;
  private long generatedTokens;
  private long prefixHitTokens;
  private long preemptions;
  private long drafts;
  private long draftTokens;
  private long acceptedTokens;

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

  /** Tokens were guessed ahead for a sequence and checked. */
  void drafted(int tokens, int accepted) {
    drafts++;
    draftTokens += tokens;
    acceptedTokens += accepted;
  }

  EngineCounters counters() {
    return new EngineCounters(
        promptTokens,
        generatedTokens,
        promptTokens,
        prefixHitTokens,
        preemptions,
        drafts,
        draftTokens,
        acceptedTokens);
  }
}
