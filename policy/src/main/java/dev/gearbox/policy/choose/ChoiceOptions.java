package dev.gearbox.policy.choose;

/**
 * Constants of the choice.
 *
 * @param unknownQuality what a variant of unmeasured quality counts as; it satisfies no floor
 * @param meetsFloor probability of meeting the targets under which nothing is promised where others
 *     are: what would more likely be late than not takes its seconds from them for nothing
 * @param exploration share of sheddable requests that try another candidate which earns what it
 *     takes from others, so that predictions of those that were not chosen do not freeze
 * @param openingMargin share of a perfect answer's points by which an engine that is not open must
 *     win over those that are, so that requests do not flap between engines of one device
 * @param nearness share of the best candidate's value within which others of its variant count as
 *     equal, so that gateways that see the same old signals do not all go to the same engine
 * @param pricing what moves the price of a device
 * @param sampleAbove engines on devices that hold the same, beyond which a decision looks at some
 *     of them, drawn with its seed
 */
public record ChoiceOptions(
    double unknownQuality,
    double meetsFloor,
    double exploration,
    double openingMargin,
    double nearness,
    Pricing pricing,
    int sampleAbove) {
  public static final ChoiceOptions DEFAULT = new ChoiceOptions(0.5, 0.5, 0.01);

  private static final double OPENING_MARGIN = 0.02;
  private static final double NEARNESS = 0.02;
  private static final int MANY = 32;

  public ChoiceOptions {
    share("unknown quality", unknownQuality);
    share("meets floor", meetsFloor);
    share("exploration", exploration);
    share("opening margin", openingMargin);
    share("nearness", nearness);
    if (sampleAbove < 1) {
      throw new IllegalArgumentException("sample above must be 1 or more, got " + sampleAbove);
    }
  }

  /** With the usual price and the usual margins. */
  public ChoiceOptions(double unknownQuality, double meetsFloor, double exploration) {
    this(unknownQuality, meetsFloor, exploration, OPENING_MARGIN, NEARNESS, Pricing.CLEARING, MANY);
  }

  /** The same with another price. */
  public ChoiceOptions with(Pricing other) {
    return new ChoiceOptions(
        unknownQuality, meetsFloor, exploration, openingMargin, nearness, other, sampleAbove);
  }

  /** The same with another nearness; 0 always takes the best. */
  public ChoiceOptions near(double share) {
    return new ChoiceOptions(
        unknownQuality, meetsFloor, exploration, openingMargin, share, pricing, sampleAbove);
  }

  /** The same that looks at all of up to so many engines. */
  public ChoiceOptions sampling(int above) {
    return new ChoiceOptions(
        unknownQuality, meetsFloor, exploration, openingMargin, nearness, pricing, above);
  }

  private static void share(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be 0 to 1, got " + value);
    }
  }
}
