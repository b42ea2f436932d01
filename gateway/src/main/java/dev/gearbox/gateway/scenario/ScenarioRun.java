package dev.gearbox.gateway.scenario;

import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.rule.Exclusion;
import dev.gearbox.policy.rule.Firing;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleFiles;
import dev.gearbox.policy.rule.RuleInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Tries the scenarios of files. Rule bases are compiled once each. One thread. */
public final class ScenarioRun {
  private final Map<String, ServiceClass> classes;
  private final String select;
  private final Map<List<String>, RuleBase> compiled = new HashMap<>();

  /**
   * A run.
   *
   * @param classes that scenarios may name
   * @param select part of a scenario's name, of a tag or of a rule that it expects; empty for all
   */
  public ScenarioRun(List<ServiceClass> classes, String select) {
    this.classes = Facts.byName(classes);
    this.select = select;
  }

  /** How a scenario ended: nothing in {@code failures} is good. */
  public record Outcome(String scenario, List<String> failures) {}

  /**
   * How a file ended.
   *
   * @param rules how many rules there are
   * @param never rules that fired in no scenario
   * @param problem why the coverage is not enough; null when it is
   */
  public record Report(
      String file,
      List<Outcome> outcomes,
      int rules,
      List<String> never,
      @Nullable String problem) {
    /** Whether all is as expected. */
    public boolean passed() {
      return problem == null && outcomes.stream().allMatch(each -> each.failures().isEmpty());
    }

    /** Share of rules that fired, in percent. */
    public double coverage() {
      return rules == 0 ? 100 : 100.0 * (rules - never.size()) / rules;
    }
  }

  /** Whether a path is a file of scenarios by its name. */
  public static boolean isScenarioFile(Path file) {
    return ScenarioFile.named(file);
  }

  /** Tries a file. */
  public Report run(Path file) throws IOException, RuleException {
    ScenarioFile read = ScenarioFile.read(file);
    RuleBase rules = rules(read.rules(file));
    List<Outcome> outcomes = new ArrayList<>();
    Set<String> fired = new TreeSet<>();
    for (Scenario scenario : read.scenarios()) {
      if (selected(scenario)) {
        outcomes.add(run(file, scenario, rules, fired));
      }
    }
    List<String> never =
        rules.rules().stream().map(RuleInfo::name).filter(name -> !fired.contains(name)).toList();
    Report report = new Report(file.toString(), outcomes, rules.rules().size(), never, null);
    ScenarioFile.Coverage wanted = read.coverage();
    if (wanted == null || !select.isEmpty() || report.coverage() + 1e-9 >= wanted.rules()) {
      return report;
    }
    String problem =
        "coverage of rules is %.0f %%, expected %.0f %%"
            .formatted(report.coverage(), wanted.rules());
    return new Report(report.file(), outcomes, report.rules(), never, problem);
  }

  private RuleBase rules(List<String> names) throws IOException, RuleException {
    RuleBase known = compiled.get(names);
    if (known == null) {
      known = RuleCheck.compile(new RuleFiles(names).read());
      compiled.put(names, known);
    }
    return known;
  }

  private boolean selected(Scenario scenario) {
    List<String> fired = scenario.expect() == null ? null : scenario.expect().fired();
    return select.isEmpty()
        || scenario.name().contains(select)
        || (scenario.tags() != null && scenario.tags().contains(select))
        || (fired != null && fired.contains(select));
  }

  private Outcome run(Path file, Scenario scenario, RuleBase rules, Set<String> fired)
      throws IOException {
    String name = scenario.name() == null ? "(without a name)" : scenario.name();
    if (scenario.given() == null || scenario.expect() == null) {
      throw new IllegalArgumentException(file + ": " + name + ": needs 'given' and 'expect'");
    }
    List<Scenario.Engine> engines = new ArrayList<>();
    String signals = scenario.given().signals();
    if (signals != null) {
      engines.addAll(ScenarioFile.candidates(file.resolveSibling(signals)));
    }
    List<Scenario.Engine> own = scenario.given().candidates();
    if (own != null) {
      engines.addAll(own);
    }
    try {
      DecisionRecord made = Facts.trial(scenario.given().request(), engines, classes).under(rules);
      made.rules().forEach(firing -> fired.add(firing.rule()));
      List<String> failures = new ArrayList<>();
      outcome(scenario.expect(), made, failures);
      rules(scenario.expect(), made, failures);
      return new Outcome(name, failures);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + name + ": " + e.getMessage(), e);
    }
  }

  private static void outcome(Scenario.Expect expect, DecisionRecord made, List<String> failures) {
    switch (made.decision()) {
      case Decision.Route route -> {
        if (expect.refused() != null && !expect.refused().equals("false")) {
          failures.add(
              "expected to be refused (%s), runs on %s"
                  .formatted(expect.refused(), route.engine()));
        }
        differ(failures, made, "variant", expect.variant(), route.variant());
        differ(failures, made, "engine", expect.engine(), route.engine());
        differ(failures, made, "pool", expect.pool(), route.pool());
        differ(failures, made, "lane", expect.lane(), route.lane());
        differ(failures, made, "max-tokens", expect.maxTokens(), route.maxTokens());
        differ(failures, made, "relegated", expect.relegated(), made.relegated());
      }
      case Decision.Refuse refuse -> {
        String wanted = expect.refused();
        boolean fine =
            wanted == null
                ? expect.variant() == null && expect.engine() == null && expect.pool() == null
                : wanted.equals("true") || wanted.equals(refuse.code());
        if (!fine) {
          failures.add(
              "expected %s, was refused: %s, %s%s"
                  .formatted(
                      wanted == null ? "a variant" : "to be refused: " + wanted,
                      refuse.code(),
                      refuse.message(),
                      exclusions(made)));
        }
      }
    }
  }

  private static void differ(
      List<String> failures,
      DecisionRecord made,
      String what,
      @Nullable Object expected,
      @Nullable Object got) {
    if (expected != null && !Objects.equals(expected, got)) {
      failures.add("expected %s %s, got %s%s".formatted(what, expected, got, exclusions(made)));
    }
  }

  /** Every condition that did not hold, with what was found and what was wanted. */
  private static String exclusions(DecisionRecord made) {
    StringBuilder all = new StringBuilder();
    for (CandidateRow row : made.candidates()) {
      if (row.excluded() != null) {
        all.append("\n        ").append(told(row, row.excluded()));
      }
    }
    return all.toString();
  }

  private static String told(CandidateRow row, Exclusion why) {
    return "%s is excluded by '%s': %s %s %s does not hold"
        .formatted(row.facts().engine(), why.rule(), why.value(), why.operator(), why.threshold());
  }

  private static void rules(Scenario.Expect expect, DecisionRecord made, List<String> failures) {
    Set<String> fired = new TreeSet<>();
    made.rules().stream().map(Firing::rule).forEach(fired::add);
    if (expect.fired() != null) {
      expect.fired().stream()
          .filter(rule -> !fired.contains(rule))
          .forEach(rule -> failures.add("expected '%s' to fire; fired %s".formatted(rule, fired)));
    }
    if (expect.notFired() != null) {
      made.rules().stream()
          .filter(firing -> expect.notFired().contains(firing.rule()))
          .forEach(firing ->
              failures.add(
                  "expected '%s' not to fire: %s of %s found %s, %s %s"
                      .formatted(
                          firing.rule(),
                          firing.effect(),
                          firing.candidate(),
                          firing.value(),
                          firing.operator(),
                          firing.threshold())));
    }
    Map<String, String> excluded = expect.excluded();
    if (excluded != null) {
      excluded.forEach((engine, rule) -> excluded(engine, rule, made, failures));
    }
  }

  private static void excluded(
      String engine, String rule, DecisionRecord made, List<String> failures) {
    for (CandidateRow row : made.candidates()) {
      if (row.facts().engine().equals(engine) || row.facts().variant().equals(engine)) {
        if (row.excluded() == null) {
          failures.add(
              "expected %s to be excluded by '%s', it is allowed: quality %s, waiting %d, %s"
                  .formatted(
                      engine,
                      rule,
                      row.facts().quality(),
                      row.facts().waiting(),
                      row.facts().state()));
        } else if (!row.excluded().rule().equals(rule)) {
          failures.add("expected '%s', but %s".formatted(rule, told(row, row.excluded())));
        }
        return;
      }
    }
    failures.add("expected %s to be excluded, there is no such candidate".formatted(engine));
  }
}
