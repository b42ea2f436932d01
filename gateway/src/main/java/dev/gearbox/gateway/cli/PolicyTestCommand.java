package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.scenario.ScenarioRun;
import dev.gearbox.policy.rule.RuleException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scenario tests of rules. */
@Command(
    name = "test",
    description =
        "Try scenarios (NAME.test.yaml) on rules and say what came out otherwise; docs/rules.md has"
            + " the layout.")
final class PolicyTestCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "DIR|FILE",
      description = "Files of scenarios, or folders that are searched for them.")
  private List<Path> paths = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration with the classes (default: built in).")
  private @Nullable Path config;

  @Option(names = "--fail-only", description = "Show only what fails.")
  private boolean failOnly;

  @Option(
      names = "--select",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Only scenarios with this in their name, as a tag, or as a rule to fire.")
  private String select = "";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PolicyTestCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Configuration read = ConfigLoader.load(config, System.getenv());
    ScenarioRun run =
        new ScenarioRun(
            read.gearbox().classes().stream().map(ClassConfig::toServiceClass).toList(), select);
    List<ScenarioRun.Report> reports = new ArrayList<>();
    for (Path file : files()) {
      try {
        reports.add(run.run(file));
      } catch (RuleException e) {
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    }
    boolean passed = reports.stream().allMatch(ScenarioRun.Report::passed);
    if (json) {
      screen.out().println(Json.write(Map.of("passed", passed, "files", reports)));
    } else {
      reports.forEach(this::show);
    }
    return passed ? 0 : Gearbox.FAILURE;
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> inside = Files.walk(path)) {
          inside.filter(ScenarioRun::isScenarioFile).sorted().forEach(files::add);
        }
      } else if (Files.exists(path)) {
        files.add(path);
      } else {
        throw new NoSuchFileException(path.toString());
      }
    }
    if (files.isEmpty()) {
      throw new IllegalArgumentException("no files *.test.yaml in " + paths);
    }
    return files;
  }

  private void show(ScenarioRun.Report report) {
    screen.out().println(report.file());
    int failed = 0;
    for (ScenarioRun.Outcome each : report.outcomes()) {
      boolean good = each.failures().isEmpty();
      failed += good ? 0 : 1;
      if (!good || !failOnly) {
        screen.out().println((good ? "  ok    " : "  FAIL  ") + each.scenario());
        each.failures().forEach(failure -> screen.out().println("      " + failure));
      }
    }
    screen
        .out()
        .printf(
            "  %d scenarios, %d failed; %.0f %% of %d rules fired%s%n",
            report.outcomes().size(),
            failed,
            report.coverage(),
            report.rules(),
            report.never().isEmpty() ? "" : ", never: " + String.join(", ", report.never()));
    if (report.problem() != null) {
      screen.out().println("  FAIL  " + report.problem());
    }
  }
}
