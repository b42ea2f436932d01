package dev.gearbox.policy.choose;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/** Picks the candidate with the best score. Pure: equal questions have equal answers. */
public final class Chooser {
  private static final Comparator<Scored> LEAST_WORK =
      Comparator.<Scored>comparingDouble(each -> each.candidate().forecast().work())
          .thenComparing(each -> each.candidate().engine());
  private static final Comparator<Scored> BEST =
      Comparator.<Scored>comparingDouble(each -> -each.score().total()).thenComparing(LEAST_WORK);

  private Chooser() {}

  public static Choice choose(Question question, ChoiceOptions options) {
    List<Scored> ranked = new ArrayList<>(question.allowed().size());
    double bestMeets = 0;
    for (var candidate : question.allowed()) {
      Score score = Score.of(candidate, question, options);
      bestMeets = Math.max(bestMeets, score.meets());
      ranked.add(new Scored(candidate, score));
    }
    if (ranked.isEmpty()) {
      return new Choice.Nothing();
    }
    ranked.sort(question.cautious() || question.relegate() ? LEAST_WORK : BEST);
    if (bestMeets < options.meetsFloor()) {
      return new Choice.Hopeless(ranked.stream().min(LEAST_WORK).orElseThrow(), ranked);
    }
    if (question.explorable() && ranked.size() > 1) {
      SplittableRandom random = new SplittableRandom(question.seed());
      if (random.nextDouble() < options.exploration()) {
        return new Choice.Picked(ranked.get(random.nextInt(1, ranked.size())), ranked, true);
      }
    }
    return new Choice.Picked(ranked.get(0), ranked, false);
  }
}
