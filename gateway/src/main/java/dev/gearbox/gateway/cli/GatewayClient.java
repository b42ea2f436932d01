package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** A running gateway on this machine, as the commands that ask one are told to find it. */
final class GatewayClient {
  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Port of the running gateway (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      defaultValue = "${env:GEARBOX_API_KEY}",
      description = "API key, where the gateway has tenants (default: $GEARBOX_API_KEY).")
  private @Nullable String key;

  @Mixin private TlsOption tls = new TlsOption();

  /** Where its API is. */
  String url() {
    return tls.at(PortOption.checked("--port", port, 8080)) + "/v1";
  }

  boolean hasKey() {
    return key != null && !key.isBlank();
  }

  JsonNode get(String path) throws IOException, InterruptedException {
    return send(path, request(path).GET());
  }

  JsonNode post(String path, String json) throws IOException, InterruptedException {
    return send(
        path,
        request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json)));
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url()).resolve(path)).timeout(Duration.ofSeconds(30));
    if (key != null && !key.isBlank()) {
      request.header("authorization", "Bearer " + key);
    }
    return request;
  }

  private JsonNode send(String path, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    try (HttpClient client = tls.client()) {
      HttpResponse<String> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        JsonNode error = Json.parse(answer.body()).path("error");
        throw new IOException(error.path("message").asString(path + ": " + answer.statusCode()));
      }
      return Json.parse(answer.body());
    } catch (ConnectException e) {
      throw new IOException(
          "nothing answers on port " + port + ": is gearbox serve running? --port names another",
          e);
    }
  }
}
