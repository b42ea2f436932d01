package dev.gearbox.policy.choose;

/** What moves the price of a device. */
public enum Pricing {
  /** What was lately asked of it: the price at which that would just have fitted. */
  CLEARING,
  /** How busy it is: moved each second. */
  METERED,
  /**
   * How likely the requests it is given are to meet their targets: moved each decision. Needs no
   * meter and trusts the predictor.
   */
  PREDICTED;

  /** The one that does not decide and is watched. */
  public Pricing other() {
    return switch (this) {
      case CLEARING -> PREDICTED;
      case METERED, PREDICTED -> CLEARING;
    };
  }
}
