package dev.gearbox.policy.choose;

import java.util.List;

/** What came out; {@code ranked} holds all that was allowed, best first. */
public sealed interface Choice {
  List<Scored> ranked();

  /**
   * This one.
   *
   * @param best the chosen one
   * @param explored whether it was drawn rather than won
   */
  record Picked(Scored best, List<Scored> ranked, boolean explored) implements Choice {
    public Picked {
      ranked = List.copyOf(ranked);
    }
  }

  /** Whatever is chosen will miss: to refuse, or to run on {@code cheapest} when nothing waits. */
  record Hopeless(Scored cheapest, List<Scored> ranked) implements Choice {
    public Hopeless {
      ranked = List.copyOf(ranked);
    }
  }

  /** Nothing is allowed. */
  record Nothing() implements Choice {
    @Override
    public List<Scored> ranked() {
      return List.of();
    }
  }
}
