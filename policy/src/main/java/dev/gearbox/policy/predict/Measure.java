package dev.gearbox.policy.predict;

/** What a prediction is of. */
enum Measure {
  /** Arrival to first token. */
  TTFT,
  /** Time per token after the first. */
  TPOT,
  /** Arrival to last token. */
  TOTAL
}
