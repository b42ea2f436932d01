package dev.gearbox.gateway.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The load generator of {@code bench gateway}, in a process of its own. */
@Command(name = "load", hidden = true, description = "Used by bench gateway.")
final class LoadCommand implements Callable<Integer> {
  @Option(names = "--url", required = true)
  private String url = "";

  @Option(names = "--rps", required = true)
  private int rps;

  @Option(names = "--seconds", required = true)
  private int seconds;

  @Option(names = "--stream", arity = "1")
  private boolean stream;

  private final Screen screen;

  LoadCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    screen.out().println(Json.write(new LoadGenerator(url, rps, seconds, stream).run()));
    return 0;
  }
}
