package dev.gearbox.policy.choose;

/** What moves the price of a device. */
public enum Pricing {
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
      case METERED -> PREDICTED;
      case PREDICTED -> METERED;
    };
  }
}
