package dev.gearbox.policy.rule;

/**
 * Why a candidate may not answer; the first that applies to all decides what the client is told.
 */
public enum Reason {
  /** The engine takes no requests, or not yet. */
  NOT_READY,
  /** Prompt and answer do not fit. */
  CONTEXT,
  /** The request needs what the variant cannot do. */
  FEATURE,
  /** Quality is under the floor, or unknown. */
  QUALITY,
  /** Cost is over the ceiling. */
  COST,
  /** The queue is full. */
  QUEUE,
  /** A rule of the operator. */
  POLICY
}
