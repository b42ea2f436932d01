package dev.gearbox.gateway.scenario;

import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.Trial;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.Firing;
import dev.gearbox.policy.rule.Reason;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleInfo;
import dev.gearbox.policy.rule.RuleLimits;
import dev.gearbox.policy.rule.RuleSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Searches states that a request may meet for what a rule base must not do: leave a class without a
 * candidate while a sound one is there, choose under a floor, contradict itself.
 */
public final class RuleCheck {
  private static final int STATES = 20_000;
  private static final int MOST_ENGINES = 4;
  private static final RuleLimits PATIENT =
      new RuleLimits(RuleLimits.DEFAULT.firings(), Duration.ofHours(1));
  private static final Set<Reason> OF_THE_STATE =
      Set.of(Reason.NOT_READY, Reason.QUEUE, Reason.CONTEXT, Reason.FEATURE);

  /** A variant as far as rules care. */
  public record Variant(
      String name, String pool, @Nullable Double quality, Set<String> techniques) {}

  /**
   * What was found.
   *
   * @param states how many were searched
   * @param errors what must not be
   * @param warnings what may be meant
   */
  public record Findings(int states, List<String> errors, List<String> warnings) {}

  private final RuleBase rules;
  private final List<Variant> variants;
  private final List<ServiceClass> classes;
  private final RuleStates searched;
  private final Map<String, Integer> holes = new LinkedHashMap<>();
  private final Set<String> errors = new TreeSet<>();
  private final Set<String> conflicts = new TreeSet<>();
  private final Set<String> fired = new HashSet<>();
  private final Map<String, Set<String>> before = new HashMap<>();
  private final Set<String> effective = new HashSet<>();
  private final Set<String> vetoes = new TreeSet<>();
  private int states;

  private RuleCheck(
      List<RuleSource> texts, RuleBase rules, List<Variant> variants, List<ServiceClass> classes) {
    this.rules = rules;
    this.variants = variants.subList(0, Math.min(MOST_ENGINES, variants.size()));
    this.classes = classes;
    this.searched = new RuleStates(this.variants, texts);
  }

  /** Compiles. Nobody waits for an answer here, so a pause of the machine is no fault of rules. */
  public static RuleBase compile(List<RuleSource> texts) throws RuleException {
    return RuleBase.compile(texts, PATIENT, System::nanoTime);
  }

  /** Searches. Takes a second or so. */
  public static Findings of(
      List<RuleSource> texts, RuleBase rules, List<Variant> variants, List<ServiceClass> classes) {
    RuleCheck check = new RuleCheck(texts, rules, variants, classes);
    check.unreachableFloors();
    int grid = check.searched.grid();
    int draws = Math.max(1, STATES / (grid * Math.max(1, classes.size())));
    for (ServiceClass each : classes) {
      for (int state = 0; state < grid; state++) {
        for (int draw = 0; draw < draws; draw++) {
          check.look(check.searched.draw(each, state));
        }
      }
    }
    return check.findings();
  }

  private void unreachableFloors() {
    for (ServiceClass each : classes) {
      Double floor = each.targets().quality();
      boolean reachable =
          floor == null
              || variants.stream().anyMatch(v -> v.quality() != null && v.quality() >= floor);
      if (!reachable) {
        errors.add(
            "class '%s': no variant reaches its quality floor of %s".formatted(each.name(), floor));
      }
    }
  }

  private void look(Trial trial) {
    states++;
    DecisionRecord made = trial.under(rules);
    if (made.fallback() != null) {
      errors.add("rules fail in some state: " + made.fallback());
      return;
    }
    Set<String> lanes = new TreeSet<>();
    Set<String> lanesBy = new TreeSet<>();
    Set<String> relegations = new TreeSet<>();
    Set<String> relegatedBy = new TreeSet<>();
    Map<String, String> first = new HashMap<>();
    for (Firing firing : made.rules()) {
      fired.add(firing.rule());
      switch (firing.effect()) {
        case "lane" -> {
          lanes.add(firing.value());
          lanesBy.add(firing.rule());
        }
        case "relegate" -> {
          relegations.add(firing.value());
          relegatedBy.add(firing.rule());
        }
        case "exclude" -> {
          String winner = first.putIfAbsent(String.valueOf(firing.candidate()), firing.rule());
          if (winner == null) {
            effective.add(firing.rule());
          } else if (!winner.equals(firing.rule())) {
            before.computeIfAbsent(firing.rule(), key -> new TreeSet<>()).add(winner);
          }
        }
        default -> effective.add(firing.rule());
      }
    }
    effective.addAll(lanesBy);
    effective.addAll(relegatedBy);
    conflict("lanes", lanes, lanesBy);
    conflict("relegations", relegations, relegatedBy);
    hold(trial, made);
  }

  private void conflict(String what, Set<String> values, Set<String> by) {
    if (values.size() > 1) {
      conflicts.add("%s set different %s in one state: %s".formatted(by, what, values));
    }
  }

  private void hold(Trial trial, DecisionRecord made) {
    Double floor = trial.request().targets().quality();
    CandidateRow chosen = made.chosenRow();
    if (chosen != null && floor != null) {
      Double quality = chosen.facts().quality();
      if (quality == null || quality < floor) {
        errors.add("%s is chosen under the floor %s".formatted(chosen.facts().engine(), floor));
      }
    }
    if (!(made.decision() instanceof Decision.Refuse refuse)) {
      return;
    }
    for (Firing firing : made.rules()) {
      if (firing.effect().equals("refuse")) {
        vetoes.add("'%s' refuses with %s".formatted(firing.rule(), firing.value()));
        return;
      }
    }
    if (asksForMore(trial)) {
      return;
    }
    Set<String> culprits = new TreeSet<>();
    for (CandidateRow row : made.candidates()) {
      if (row.excluded() != null && !OF_THE_STATE.contains(row.excluded().reason())) {
        culprits.add(row.excluded().rule());
      }
    }
    if (!culprits.isEmpty()) {
      holes.merge(
          "class '%s' has no candidate (%s) though one could answer, because of %s"
              .formatted(trial.request().serviceClass().name(), refuse.code(), culprits),
          1,
          Integer::sum);
    }
  }

  /** A request that asks for more than its class does may find nobody; that is no hole. */
  private static boolean asksForMore(Trial trial) {
    Targets own = trial.request().targets();
    Targets usual = trial.request().serviceClass().targets();
    return !own.equals(usual);
  }

  private Findings findings() {
    List<String> wrong = new ArrayList<>(errors);
    holes.forEach((hole, count) -> wrong.add("%s, in %d states".formatted(hole, count)));
    List<String> warnings = new ArrayList<>(conflicts);
    warnings.addAll(vetoes);
    for (RuleInfo rule : rules.rules()) {
      if (!fired.contains(rule.name())) {
        warnings.add("'%s' never fires".formatted(rule.name()));
      } else if (!effective.contains(rule.name())) {
        Set<String> by = before.getOrDefault(rule.name(), Set.of());
        warnings.add("'%s' is shadowed: %s always come first".formatted(rule.name(), by));
      }
    }
    return new Findings(states, wrong, warnings);
  }
}
