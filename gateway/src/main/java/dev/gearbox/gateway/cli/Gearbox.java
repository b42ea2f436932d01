package dev.gearbox.gateway.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program: {@code gearbox COMMAND}. */
@Command(
    name = "gearbox",
    description =
        "Serves language models and shifts gears: each request runs on the variant that gives the"
            + " best answer which still meets its targets.",
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ServeCommand.class,
      EngineCommand.class,
      PullCommand.class,
      PsCommand.class,
      GenerateCommand.class,
      TokenizeCommand.class,
      TemplateCommand.class,
      EvalCommand.class,
      QuantizeCommand.class,
      PruneCommand.class,
      DistilCommand.class,
      AdapterCommand.class,
      BenchCommand.class,
      SimulateCommand.class,
      CalibrateCommand.class,
      ConfigCommand.class,
      PolicyCommand.class,
      ExplainCommand.class,
      TopCommand.class,
      LogsCommand.class,
      ClientCommand.class,
      SloCommand.class,
      DoctorCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      KeyCommand.class,
      TestCommand.class,
      LoadCommand.class,
      RehearseCommand.class,
      TrainCommand.class
    })
public final class Gearbox implements Runnable {
  /** Exit code of a wrong command line. */
  static final int WRONG_USAGE = 2;

  /** Exit code of everything else that fails. */
  static final int FAILURE = 1;

  @CommandLine.Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version and exit.")
  boolean version;

  @CommandLine.Mixin CommonOptions common = new CommonOptions();

  /** Starts the program. */
  public static void main(String[] args) {
    Screen screen = Screen.ofProcess();
    int exit = commandLine(screen).execute(args);
    if (exit != 0) {
      System.exit(exit);
    }
  }

  /** The command line, for the program and for tests. */
  static CommandLine commandLine(Screen screen) {
    CommandLine line = new CommandLine(new Gearbox(), new ScreenFactory(screen));
    line.setOut(Screen.writer(screen.out()));
    line.setErr(Screen.writer(screen.err()));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setParameterExceptionHandler(Failures::wrongUsage);
    line.setExecutionStrategy(Logs::quietly);
    line.setExecutionExceptionHandler(Failures::failed);
    return line;
  }

  @Override
  public void run() {
    throw new WrongUsageException("which command?");
  }
}
