package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.scenario.RuleCheck;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleFiles;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether rules compile and leave every class a candidate. */
@Command(
    name = "check",
    description =
        "Compile rules and search the states that requests may meet for what must not be: a class"
            + " without a candidate, a choice under a floor, rules that conflict or never count.")
final class PolicyCheckCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE",
      description =
          "Rule files (.drl, .csv), together one rule base; 'default' names those that come with"
              + " Gearbox. Without any: those of the configuration.")
  private List<String> files = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration with the classes and variants (default: built in).")
  private @Nullable Path config;

  @Option(
      names = "--profiles",
      paramLabel = "FILE",
      description =
          "Step times of engines and how requests come, as gearbox calibrate writes and simulate"
              + " takes; says what every class can be held to at most (default: that of calibrate).")
  private @Nullable Path profiles;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PolicyCheckCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Configuration read = ConfigLoader.load(config, System.getenv());
    List<String> names = files.isEmpty() ? read.gearbox().policy().rules() : files;
    List<RuleSource> texts = new RuleFiles(names).read();
    RuleBase rules = RuleTexts.compileTexts(texts);
    List<ServiceClass> classes =
        read.gearbox().classes().stream().map(ClassConfig::toServiceClass).toList();
    RuleCheck.Findings found = RuleCheck.of(texts, rules, variants(read), classes);
    Capacities capacities = Capacities.of(profiles, classes);
    List<String> errors = new ArrayList<>(found.errors());
    errors.addAll(capacities.errors());
    if (json) {
      screen
          .out()
          .println(
              Json.write(
                  Map.of(
                      "version", rules.version(),
                      "rules", rules.rules().size(),
                      "states", found.states(),
                      "errors", errors,
                      "warnings", found.warnings(),
                      "capacity", capacities.perSecond())));
    } else {
      errors.forEach(each -> screen.out().println("error: " + each));
      found.warnings().forEach(each -> screen.out().println("warning: " + each));
      capacities.lines().forEach(each -> screen.out().println("capacity: " + each));
      screen
          .out()
          .printf(
              "%d rules, version %s: %d errors, %d warnings in %d states%n",
              rules.rules().size(),
              rules.version(),
              errors.size(),
              found.warnings().size(),
              found.states());
    }
    return errors.isEmpty() ? 0 : Gearbox.FAILURE;
  }

  /** Those of all pools, with the qualities that were measured on this machine. */
  private static List<RuleCheck.Variant> variants(Configuration read) throws IOException {
    QualityLedger ledger =
        QualityLedger.load(
            new WeightStore(WeightStore.defaultFolder(System.getenv()), true).folder());
    List<RuleCheck.Variant> variants = new ArrayList<>();
    for (PoolConfig pool : read.gearbox().pools()) {
      for (String name : pool.variants()) {
        Set<String> techniques =
            read.catalog()
                .find(name)
                .map(CatalogEntry::techniques)
                .map(Set::copyOf)
                .orElse(Set.of());
        variants.add(
            new RuleCheck.Variant(name, pool.name(), read.quality(name, ledger), techniques));
      }
    }
    return variants;
  }
}
