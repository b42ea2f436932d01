package dev.gearbox.runtime;

/**
 * A step ended before its time because {@link StepBatch#mayGiveUp} allowed it and somebody came who
 * cannot wait. What it wrote is written again by the step that computes its tokens.
 */
public final class StepGivenUpException extends RuntimeException {
  StepGivenUpException() {
    super("the step made way", null, false, false);
  }
}
