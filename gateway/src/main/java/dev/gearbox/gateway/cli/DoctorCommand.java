package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether what is configured can run here, and what to do where it cannot. */
@Command(
    name = "doctor",
    description = {
      "Check this machine and the configuration, and say what to do.",
      "Exit code 1 when something fails; warnings alone are 0."
    })
final class DoctorCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration that shall run (default: built in).")
  private @Nullable Path config;

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME",
      description = "Only these models or variants, as serve takes them.")
  private List<String> models = new ArrayList<>();

  @Option(names = "--deep", description = "Read weights whole, and check their SHA-256.")
  private boolean deep;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  DoctorCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    List<Finding> findings = new ArrayList<>(MachineCheckup.findings());
    Configuration read = configuration(findings);
    if (read != null) {
      Configuration wanted = models.isEmpty() ? read : read.only(models);
      WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), true);
      findings.addAll(new ServingCheckup(wanted, store, deep).findings());
      findings.addAll(new RemoteCheckup(wanted).findings());
    }
    boolean sound = findings.stream().noneMatch(each -> each.level() == Finding.Level.FAIL);
    if (json) {
      screen
          .out()
          .println(
              Json.write(
                  Map.of(
                      "ok", sound, "findings", findings.stream().map(Finding::toJson).toList())));
    } else {
      findings.forEach(screen.out()::println);
    }
    return sound ? 0 : Gearbox.FAILURE;
  }

  /** What shall run; null when it is wrong, which is a finding. */
  private @Nullable Configuration configuration(List<Finding> findings) {
    String name = config == null ? "the built-in configuration" : config.toString();
    try {
      Configuration read = ConfigLoader.load(config, System.getenv());
      findings.add(Finding.ok("config", name + " is right"));
      return read;
    } catch (InvalidSettingsException e) {
      for (String problem : String.valueOf(e.getMessage()).split("\n", -1)) {
        findings.add(Finding.fail("config", problem, ""));
      }
    } catch (IOException e) {
      findings.add(Finding.fail("config", "cannot read " + name, "is the path right?"));
    }
    findings.add(
        Finding.warn("config", "weights, ports and servers were not checked", "correct it first"));
    return null;
  }
}
