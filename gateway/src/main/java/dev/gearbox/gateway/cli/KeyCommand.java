package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.security.KeyHash;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;

/** API keys. */
@Command(
    name = "key",
    description = "Make API keys, which the configuration knows by their hash.",
    subcommands = KeyCommand.New.class)
final class KeyCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  @Override
  public void run() {
    throw new WrongUsageException("which? key new");
  }

  /** Makes one. */
  @Command(
      name = "new",
      description =
          "Print a new key, which is shown this once, and its hash for 'keys' of a tenant,"
              + " security.keys-file or security.admin-keys.")
  static final class New implements Callable<Integer> {
    @Mixin CommonOptions common = new CommonOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final Screen screen;

    New(Screen screen) {
      this.screen = screen;
    }

    @Override
    public Integer call() {
      String key = KeyHash.newKey();
      String hash = KeyHash.of(key).toString();
      if (json) {
        screen
            .out()
            .println(JsonNodeFactory.instance.objectNode().put("key", key).put("hash", hash));
      } else {
        screen.out().printf("key:  %s%nhash: %s%n", key, hash);
      }
      return 0;
    }
  }
}
