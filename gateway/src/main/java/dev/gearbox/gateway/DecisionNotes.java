package dev.gearbox.gateway;

import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.rule.Exclusion;
import dev.gearbox.policy.rule.Firing;
import dev.gearbox.telemetry.trace.Note;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A decision as events of its span: what rules did, and the candidate table, best first. */
record DecisionNotes(DecisionLog decisions) implements Function<String, List<Note>> {
  /** Rows of tables that a span has room for. */
  private static final int MOST = 60;

  @Override
  public List<Note> apply(String decisionId) {
    DecisionRecord made = decisions.find(decisionId);
    if (made == null) {
      return List.of();
    }
    List<Note> notes = new ArrayList<>();
    notes.add(chosen(made));
    made.rules().stream().limit(MOST).map(DecisionNotes::rule).forEach(notes::add);
    made.candidates().stream().limit(MOST).map(DecisionNotes::candidate).forEach(notes::add);
    return notes;
  }

  private static Note chosen(DecisionRecord made) {
    Map<String, Object> all = new HashMap<>();
    all.put("gearbox.policy.version", made.policyVersion());
    put(all, "gearbox.engine", made.chosen());
    put(all, "gearbox.runner_up", made.runnerUp());
    put(all, "gearbox.margin", made.margin());
    all.put("gearbox.explored", made.explored());
    all.put("gearbox.relegated", made.relegated());
    put(all, "gearbox.fallback", made.fallback());
    return new Note("gearbox.decision", all);
  }

  private static Note rule(Firing firing) {
    Map<String, Object> all = new HashMap<>();
    all.put("gearbox.rule", firing.rule());
    all.put("gearbox.rule.effect", firing.effect());
    all.put("gearbox.rule.value", firing.value());
    put(all, "gearbox.engine", firing.candidate());
    put(all, "gearbox.rule.operator", firing.operator());
    put(all, "gearbox.rule.threshold", firing.threshold());
    return new Note("gearbox.rule", all);
  }

  private static Note candidate(CandidateRow row) {
    Map<String, Object> all = new HashMap<>();
    all.put("gearbox.engine", row.facts().engine());
    put(all, "gearbox.quality", row.facts().quality());
    all.put("gearbox.predicted.ttft", row.facts().forecast().ttftP50());
    all.put("gearbox.predicted.tpot", row.facts().forecast().tpotP50());
    all.put("gearbox.predicted.meets", row.facts().forecast().meets());
    all.put("gearbox.waiting", row.facts().waiting());
    Score score = row.score();
    if (score != null) {
      all.put("gearbox.score", score.total());
      all.put("gearbox.score.value", score.value());
      all.put("gearbox.score.damage", score.damage());
      all.put("gearbox.score.congestion", score.congestion());
      all.put("gearbox.score.cost", score.cost());
    }
    Exclusion why = row.excluded();
    if (why != null) {
      all.put("gearbox.excluded.rule", why.rule());
      all.put(
          "gearbox.excluded.because",
          "%s %s %s does not hold".formatted(why.value(), why.operator(), why.threshold()));
    }
    return new Note("gearbox.candidate", all);
  }

  private static void put(Map<String, Object> all, String name, @Nullable Object value) {
    if (value != null) {
      all.put(name, value);
    }
  }
}
