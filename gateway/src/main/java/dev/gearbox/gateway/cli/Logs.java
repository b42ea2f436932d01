package dev.gearbox.gateway.cli;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** How much the parts of the program say on their own. */
final class Logs {
  /** Kept, because java.util.logging forgets the level of a logger that nobody holds. */
  private static final Logger ROOT = Logger.getLogger("");

  private Logs() {}

  /** Events for operators, one a line, on stderr. */
  static void serving() {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    ROOT.setLevel(Level.INFO);
  }

  /** Runs a command; only {@code serve} and {@code engine} tell more than warnings. */
  static int quietly(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    if (!last.isUsageHelpRequested()) {
      ROOT.setLevel(Level.WARNING);
    }
    return new CommandLine.RunLast().execute(parsed);
  }
}
