package dev.gearbox.gateway.cli;

import picocli.CommandLine.Option;

/** Options of every command. */
final class CommonOptions {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help and exit.")
  boolean help;

  @Option(names = "--verbose", description = "Show where an error comes from.")
  private boolean verbose;

  boolean verbose() {
    return verbose;
  }
}
