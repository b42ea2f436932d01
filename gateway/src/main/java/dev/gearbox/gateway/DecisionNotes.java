package dev.gearbox.gateway;

import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.rule.Exclusion;
import dev.gearbox.policy.rule.Firing;
import dev.gearbox.telemetry.trace.Note;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

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
    return new Note("gearbox.decision")
        .with("gearbox.policy.version", made.policyVersion())
        .with("gearbox.engine", made.chosen())
        .with("gearbox.runner_up", made.runnerUp())
        .with("gearbox.margin", made.margin())
        .with("gearbox.explored", made.explored())
        .with("gearbox.relegated", made.relegated())
        .with("gearbox.fallback", made.fallback());
  }

  private static Note rule(Firing firing) {
    return new Note("gearbox.rule")
        .with("gearbox.rule", firing.rule())
        .with("gearbox.rule.effect", firing.effect())
        .with("gearbox.rule.value", firing.value())
        .with("gearbox.engine", firing.candidate())
        .with("gearbox.rule.operator", firing.operator())
        .with("gearbox.rule.threshold", firing.threshold());
  }

  private static Note candidate(CandidateRow row) {
    CandidateFacts facts = row.facts();
    Note note =
        new Note("gearbox.candidate")
            .with("gearbox.engine", facts.engine())
            .with("gearbox.quality", facts.quality())
            .with("gearbox.predicted.ttft", facts.forecast().ttftP50())
            .with("gearbox.predicted.tpot", facts.forecast().tpotP50())
            .with("gearbox.predicted.meets", facts.forecast().meets())
            .with("gearbox.waiting", facts.waiting());
    Score score = row.score();
    if (score != null) {
      note.with("gearbox.score", score.total())
          .with("gearbox.score.value", score.value())
          .with("gearbox.score.damage", score.damage())
          .with("gearbox.score.congestion", score.congestion())
          .with("gearbox.score.cost", score.cost());
    }
    Exclusion why = row.excluded();
    if (why != null) {
      note.with("gearbox.excluded.rule", why.rule())
          .with(
              "gearbox.excluded.because",
              "%s %s %s does not hold".formatted(why.value(), why.operator(), why.threshold()));
    }
    return note;
  }
}
