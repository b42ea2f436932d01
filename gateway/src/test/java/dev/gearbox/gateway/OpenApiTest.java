package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The published description names every path of the API, and none that is not there. */
class OpenApiTest {
  @Test
  void describesTheRoutesThatThereAre() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ofMillis(1))) {
      JsonNode document = JsonMapper.shared().readTree(server.send("GET", "/openapi.json").body());
      Set<String> described = new TreeSet<>();
      document
          .get("paths")
          .forEachEntry((path, methods) ->
              methods.forEachEntry((method, operation) ->
                  described.add(method.toUpperCase(Locale.ROOT) + " " + path)));

      Set<String> served = new TreeSet<>();
      for (var doors : server.server.doors()) {
        if (doors.port() == server.server.port()) {
          Stream.concat(doors.guarded().stream(), doors.open().stream())
              .filter(route -> route.contains(" /v1/") || route.contains(" /health"))
              .map(route -> route.replace("{*id}", "{id}"))
              .forEach(served::add);
        }
      }
      assertThat(described).isEqualTo(served);
      assertThat(document.get("openapi").asString()).startsWith("3.1");
    }
  }
}
