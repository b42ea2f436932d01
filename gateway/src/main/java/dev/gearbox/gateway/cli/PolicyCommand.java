package dev.gearbox.gateway.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Rules on trial. */
@Command(
    name = "policy",
    description = "Check rules, test them with scenarios, and make recorded decisions again.",
    subcommands = {
      PolicyCheckCommand.class,
      PolicyTestCommand.class,
      PolicyRecordCommand.class,
      PolicyReplayCommand.class,
      PolicyDiffCommand.class
    })
final class PolicyCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  @Override
  public void run() {
    throw new WrongUsageException("which? policy check, test, record, replay or diff");
  }
}
