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

/** The admin port of a running gateway on this machine, as commands are told to find it. */
final class AdminClient {
  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "9090",
      description = "Port of the gateway's metrics (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--admin-key",
      paramLabel = "KEY",
      defaultValue = "${env:GEARBOX_ADMIN_KEY}",
      description = "Key of the admin port, where it has any (default: $GEARBOX_ADMIN_KEY).")
  private @Nullable String key;

  @Mixin private TlsOption tls = new TlsOption();

  /** The body of what is at {@code path}. */
  String get(String path) throws IOException, InterruptedException {
    return get(path, HttpResponse.BodyHandlers.ofString());
  }

  /** The same as bytes. */
  byte[] bytes(String path) throws IOException, InterruptedException {
    return get(path, HttpResponse.BodyHandlers.ofByteArray());
  }

  private <T> T get(String path, HttpResponse.BodyHandler<T> kind)
      throws IOException, InterruptedException {
    String admin = tls.at(PortOption.checked("--admin-port", port, 9090));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(admin + path)).timeout(Duration.ofSeconds(5));
    if (key != null && !key.isBlank()) {
      request.header("authorization", "Bearer " + key);
    }
    try (HttpClient client = tls.client()) {
      HttpResponse<T> answer = client.send(request.build(), kind);
      if (answer.statusCode() == 401) {
        throw new IOException(
            admin + " wants a key: give --admin-key KEY, or set GEARBOX_ADMIN_KEY");
      }
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
