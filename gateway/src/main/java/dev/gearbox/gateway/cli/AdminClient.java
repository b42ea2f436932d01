package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The admin port of a running gateway on this machine, as commands are told to find it. */
final class AdminClient {
  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "9090",
      description = "Port of the gateway's metrics (default: ${DEFAULT-VALUE}).")
  private int port;

  /** The body of what is at {@code path}. */
  String get(String path) throws IOException, InterruptedException {
    String admin = "http://127.0.0.1:" + PortOption.checked("--admin-port", port, 9090);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(admin + path)).timeout(Duration.ofSeconds(5)).build();
    try (HttpClient client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(admin + path + " answers " + answer.statusCode());
      }
      return answer.body();
    } catch (ConnectException e) {
      throw new IOException(
          "nothing answers at "
              + admin
              + ": is gearbox serve running? --admin-port names another port",
          e);
    }
  }
}
