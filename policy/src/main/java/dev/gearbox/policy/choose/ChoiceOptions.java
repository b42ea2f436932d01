package dev.gearbox.policy.choose;

/**
 * Constants of the choice.
 *
 * @param unknownQuality what a variant of unmeasured quality counts as; it satisfies no floor
 * @param meetsFloor probability of meeting the targets under which nothing is promised: below it
 *     every candidate scores about nothing and ties would pick the heaviest
 * @param exploration share of sheddable requests that try another candidate, so that predictions of
 *     those that were not chosen do not freeze
 */
public record ChoiceOptions(double unknownQuality, double meetsFloor, double exploration) {
  public static final ChoiceOptions DEFAULT = new ChoiceOptions(0.5, 0.05, 0.01);

  public ChoiceOptions {
    share("unknown quality", unknownQuality);
    share("meets floor", meetsFloor);
    share("exploration", exploration);
  }

  private static void share(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be 0 to 1, got " + value);
    }
  }
}
