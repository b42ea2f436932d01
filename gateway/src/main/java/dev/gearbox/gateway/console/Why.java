package dev.gearbox.gateway.console;

import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.Exclusion;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A decision in one sentence: what decided, each time as value, operator and threshold. Pure; reads
 * a record and nothing else.
 */
final class Why {
  /** Points, or chance, under which a difference decides nothing. */
  private static final double SMALL = 0.02;

  private Why() {}

  /** Why this gear rather than the next. */
  static String chosen(DecisionRecord made) {
    if (made.decision() instanceof Decision.Refuse refuse) {
      return "refused: " + refuse.message();
    }
    CandidateRow winner = made.chosenRow();
    if (winner == null) {
      return "the chosen engine is not in its table";
    }
    if (made.explored()) {
      return "drawn by exploration, not won";
    }
    if (made.relegated()) {
      return "no target can be met, so it runs late on purpose: chance %s of meeting all of them"
          .formatted(number(winner.facts().forecast().meets()));
    }
    CandidateRow next = rival(made, winner);
    if (next == null) {
      return "the only candidate";
    }
    return "not %s: %s".formatted(next.facts().variant(), against(made, winner, next));
  }

  /** Why {@code made} left the gear {@code from}. */
  static String shift(DecisionRecord made, String from) {
    CandidateRow winner = made.chosenRow();
    if (winner == null || made.explored() || made.relegated()) {
      return chosen(made);
    }
    CandidateRow former = best(made, from);
    return former == null ? "no engine runs " + from : against(made, winner, former);
  }

  /** The runner-up, or where nobody else was allowed, the best of those that were not. */
  private static @Nullable CandidateRow rival(DecisionRecord made, CandidateRow winner) {
    String second = made.runnerUp();
    CandidateRow other = null;
    for (CandidateRow row : made.candidates()) {
      if (row.facts().engine().equals(second)) {
        return row;
      }
      if (!row.equals(winner) && (other == null || better(row, other))) {
        other = row;
      }
    }
    return other;
  }

  private static boolean better(CandidateRow row, CandidateRow than) {
    return Objects.requireNonNullElse(row.facts().quality(), 0.0)
        > Objects.requireNonNullElse(than.facts().quality(), 0.0);
  }

  /** Candidates are by score and excluded ones last, so the first of a variant is its best. */
  private static @Nullable CandidateRow best(DecisionRecord made, String variant) {
    return made.candidates().stream()
        .filter(row -> row.facts().variant().equals(variant))
        .findFirst()
        .orElse(null);
  }

  private static String against(DecisionRecord made, CandidateRow winner, CandidateRow loser) {
    Exclusion excluded = loser.excluded();
    if (excluded != null) {
      return "rule '%s': %s %s %s does not hold"
          .formatted(
              excluded.rule(),
              rounded(excluded.value()),
              excluded.operator(),
              rounded(excluded.threshold()));
    }
    Score won = winner.score();
    Score lost = loser.score();
    if (won == null || lost == null) {
      return "it was not scored";
    }
    if (won.meets() - lost.meets() > SMALL) {
      return late(made.request(), loser.facts())
          + ", chance of every target %s < %s".formatted(number(lost.meets()), number(won.meets()));
    }
    if (won.quality() - lost.quality() > SMALL / 2) {
      return "quality %s > %s, and %s"
          .formatted(
              number(won.quality()),
              number(lost.quality()),
              inTime(made.request(), winner.facts(), won));
    }
    return dearest(won, lost);
  }

  /** Which target the loser would miss, by the first that its prediction is above. */
  private static String late(RequestFacts request, CandidateFacts loser) {
    Targets targets = request.targets();
    String quantile = quantile(request);
    String queue = loser.waiting() > 0 ? ", queue " + loser.waiting() : "";
    if (above(loser.forecast().ttftHigh(), targets.ttft())) {
      return "predicted TTFT %s > %s at %s%s"
          .formatted(time(loser.forecast().ttftHigh()), time(targets.ttft()), quantile, queue);
    }
    if (above(loser.forecast().tpotHigh(), targets.tpot())) {
      return "predicted TPOT %s > %s at %s%s"
          .formatted(time(loser.forecast().tpotHigh()), time(targets.tpot()), quantile, queue);
    }
    if (above(loser.forecast().total(), targets.deadline())) {
      return "predicted end %s > deadline %s%s"
          .formatted(time(loser.forecast().total()), time(targets.deadline()), queue);
    }
    return "predicted TTFT %s, TPOT %s%s"
        .formatted(time(loser.forecast().ttftP50()), time(loser.forecast().tpotP50()), queue);
  }

  private static String inTime(RequestFacts request, CandidateFacts winner, Score won) {
    Duration ttft = request.targets().ttft();
    if (ttft != null && !above(winner.forecast().ttftHigh(), ttft)) {
      return "predicted TTFT %s <= %s at %s"
          .formatted(time(winner.forecast().ttftHigh()), time(ttft), quantile(request));
    }
    return "chance of every target " + number(won.meets());
  }

  /** The term that the loser loses by. */
  private static String dearest(Score won, Score lost) {
    String[] names = {"damage to others", "congestion price", "cost", "opening another engine"};
    double[] mine = {lost.damage(), lost.congestion(), lost.cost(), lost.opening()};
    double[] theirs = {won.damage(), won.congestion(), won.cost(), won.opening()};
    int most = 0;
    for (int i = 1; i < names.length; i++) {
      if (mine[i] - theirs[i] > mine[most] - theirs[most]) {
        most = i;
      }
    }
    return mine[most] - theirs[most] > 1e-6
        ? "%s %s > %s points".formatted(names[most], number(mine[most]), number(theirs[most]))
        : "score %s <= %s, as good as equal".formatted(number(lost.total()), number(won.total()));
  }

  private static boolean above(double seconds, @Nullable Duration target) {
    return target != null && seconds > target.toNanos() / 1e9;
  }

  /** As in {@code p95}, of the class's objective. */
  private static String quantile(RequestFacts request) {
    return "p" + number(100 * request.serviceClass().attainment());
  }

  private static String time(@Nullable Duration duration) {
    return duration == null ? "-" : time(duration.toNanos() / 1e9);
  }

  private static String time(double seconds) {
    if (seconds >= 1) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return seconds < 0.01
        ? String.format(Locale.ROOT, "%.1f ms", seconds * 1000)
        : String.format(Locale.ROOT, "%.0f ms", seconds * 1000);
  }

  private static String rounded(String value) {
    try {
      return number(Double.parseDouble(value));
    } catch (NumberFormatException e) {
      return value;
    }
  }

  private static String number(double value) {
    return new BigDecimal(value).round(new MathContext(3)).stripTrailingZeros().toPlainString();
  }
}
