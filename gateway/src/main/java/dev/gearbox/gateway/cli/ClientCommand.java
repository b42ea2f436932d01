package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** How to ask it from elsewhere. */
@Command(
    name = "client",
    description = "Print how to ask the running gateway with curl, a library or another program.")
final class ClientCommand implements Callable<Integer> {
  private static final List<String> NAMES =
      List.of("curl", "python", "java", "js", "langchain", "continue", "open-webui");

  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "NAME",
      description = "curl, python, java, js, langchain, continue or open-webui.")
  private String name = "";

  @Mixin private GatewayClient gateway = new GatewayClient();

  private final Screen screen;

  ClientCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (!NAMES.contains(name)) {
      throw new WrongUsageException(
          "no client '" + name + "'; there is: " + String.join(", ", NAMES));
    }
    List<String> models =
        gateway
            .get("/v1/models")
            .path("data")
            .valueStream()
            .map(each -> each.path("id").asString())
            .toList();
    if (models.isEmpty()) {
      throw new IOException("the gateway has no models");
    }
    screen
        .out()
        .print(
            snippet(name)
                .replace("{url}", gateway.url())
                .replace("{model}", models.getFirst())
                .replace("{models}", String.join(", ", models))
                .replace("{key}", gateway.hasKey() ? "$GEARBOX_API_KEY" : "none"));
    return 0;
  }

  /** The text as it is shipped, with braces where names go. */
  static String snippet(String client) throws IOException {
    try (InputStream in = ClientCommand.class.getResourceAsStream("client/" + client + ".txt")) {
      if (in == null) {
        throw new IllegalStateException("client/" + client + ".txt is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
