package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.records.RecordJson;
import dev.gearbox.gateway.scenario.Recorded;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** A scenario made from a real decision. */
@Command(
    name = "record",
    description = "Print a scenario that expects what a running gateway decided.")
final class PolicyRecordCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "ID", description = "Id of the decision.")
  private String id = "";

  @Option(names = "--json", description = "Print the decision record itself.")
  private boolean json;

  @Mixin private GatewayClient gateway = new GatewayClient();

  private final Screen screen;

  PolicyRecordCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    JsonNode record = gateway.get("/v1/decisions/" + id);
    screen.out().print(json ? record + "\n" : new Recorded(RecordJson.read(record)).scenario());
    return 0;
  }
}
