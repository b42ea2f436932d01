package dev.gearbox.gateway.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measurements. */
@Command(
    name = "bench",
    description = "Measure the engine, guessing ahead, the gateway or the policy.",
    subcommands = {
      BenchEngineCommand.class,
      BenchGatewayCommand.class,
      BenchSpeculationCommand.class,
      BenchPolicyCommand.class,
      BenchSloCommand.class
    })
final class BenchCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  @Override
  public void run() {
    throw new WrongUsageException(
        "which? bench engine, bench gateway, bench speculation, bench policy, or bench slo");
  }
}
