package dev.gearbox.gateway.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Unmatched;

/** The launcher runs the suite itself; here is only its line in the help. */
@Command(
    name = "test",
    description = "Run the whole test suite (from a clone, with ./gearbox test).")
final class TestCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  @Unmatched private List<String> rest = new ArrayList<>();

  @Override
  public void run() {
    throw new IllegalStateException(
        "the suite runs from a clone of the repository: ./gearbox test" + String.join(" ", rest));
  }
}
