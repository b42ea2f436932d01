package dev.gearbox.engine;

/** How a request is batched. */
public enum Lane {
  /** Small steps, served first. */
  INTERACTIVE,
  /** Large steps that fill what is left. */
  BULK
}
