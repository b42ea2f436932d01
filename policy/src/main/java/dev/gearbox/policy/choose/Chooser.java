package dev.gearbox.policy.choose;

import dev.gearbox.policy.fact.CandidateFacts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Picks the candidate with the best score, or at random one that is as good as the best. Pure:
 * equal questions have equal answers.
 */
public final class Chooser {
  private static final Comparator<Scored> LEAST_WORK =
      Comparator.<Scored>comparingDouble(each -> each.candidate().forecast().work())
          .thenComparing(each -> each.candidate().engine());
  private static final Comparator<Scored> BEST =
      Comparator.<Scored>comparingDouble(each -> -each.score().total()).thenComparing(LEAST_WORK);

  /** Chance under which every candidate scores about nothing, and ties would pick the heaviest. */
  private static final double NO_CHANCE = 0.05;

  private Chooser() {}

  public static Choice choose(Question question, ChoiceOptions options) {
    List<Scored> ranked = new ArrayList<>(question.allowed().size());
    boolean hopeless = true;
    for (CandidateFacts candidate : question.allowed()) {
      Score score = Score.of(candidate, question, options);
      hopeless &= score.meets() < (harmless(candidate) ? NO_CHANCE : options.meetsFloor());
      ranked.add(new Scored(candidate, score));
    }
    if (ranked.isEmpty()) {
      return new Choice.Nothing();
    }
    boolean byWork = question.cautious() || question.relegate();
    ranked.sort(byWork ? LEAST_WORK : BEST);
    if (hopeless) {
      return new Choice.Hopeless(ranked.stream().min(LEAST_WORK).orElseThrow(), ranked);
    }
    if (question.explorable()) {
      SplittableRandom random = new SplittableRandom(question.seed());
      if (random.nextDouble() < options.exploration()) {
        List<Scored> others =
            ranked.stream().skip(1).filter(each -> each.score().total() >= 0).toList();
        if (!others.isEmpty()) {
          return new Choice.Picked(others.get(random.nextInt(others.size())), ranked, true);
        }
      }
    }
    Scored picked = byWork ? ranked.getFirst() : among(ranked, question.seed(), options);
    return new Choice.Picked(picked, ranked, false);
  }

  /** Whether being late there would cost nobody else anything; and it shows how long it takes. */
  private static boolean harmless(CandidateFacts candidate) {
    return candidate.damage() == 0 && candidate.running() + candidate.waiting() == 0;
  }

  /**
   * One of those that are as good as the best: of its variant, so that no quality is given away,
   * with as little of the prompt to compute, and behind it by a share of its value at most.
   */
  private static Scored among(List<Scored> ranked, long seed, ChoiceOptions options) {
    Scored best = ranked.getFirst();
    double least = best.score().total() - options.nearness() * best.score().value();
    List<Scored> equal = new ArrayList<>();
    for (Scored each : ranked) {
      if (each.score().total() >= least
          && each.candidate().variant().equals(best.candidate().variant())
          && fresh(each) <= (1 + options.nearness()) * fresh(best)) {
        equal.add(each);
      }
    }
    return equal.get(
        options.nearness() == 0 ? 0 : new SplittableRandom(~seed).nextInt(equal.size()));
  }

  private static int fresh(Scored scored) {
    return scored.candidate().promptTokens() - scored.candidate().cachedTokens();
  }
}
