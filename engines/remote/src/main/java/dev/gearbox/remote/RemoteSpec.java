package dev.gearbox.remote;

import dev.gearbox.remote.dialect.Dialect;
import io.netty.handler.ssl.SslContext;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One model on one server.
 *
 * @param engine id
 * @param pool its pool
 * @param variant that it runs
 * @param device id of its device: engines on one server share it
 * @param servedAs name that the server has for the model
 * @param endpoint scheme, host, port and what comes before {@code /v1}
 * @param metrics its page of metrics; null where the dialect says where, or that there is none
 * @param dialect what kind of server it is
 * @param maxContext tokens of prompt and answer together; 0 to ask the server
 * @param maxSequences requests that it is given at a time
 * @param queueLimit requests that wait here beyond those
 * @param patience how long what may take
 * @param slowStart time in which a server that came back gets its full share again
 * @param apiKey sent as a bearer token; null for none
 * @param tls how an https endpoint is trusted, and what it is shown; null for what Java does
 */
public record RemoteSpec(
    String engine,
    String pool,
    String variant,
    String device,
    String servedAs,
    URI endpoint,
    @Nullable URI metrics,
    Dialect dialect,
    int maxContext,
    int maxSequences,
    int queueLimit,
    Patience patience,
    Duration slowStart,
    @Nullable String apiKey,
    @Nullable SslContext tls) {

  /**
   * How long what may take.
   *
   * @param connect until a connection stands
   * @param firstToken from a request's being sent to its first token
   * @param idle between two tokens
   * @param stalled the same while the server does not answer looks either
   * @param probe between two looks at the server
   */
  public record Patience(
      Duration connect, Duration firstToken, Duration idle, Duration stalled, Duration probe) {
    public static final Patience DEFAULT =
        new Patience(
            Duration.ofSeconds(1),
            Duration.ofSeconds(120),
            Duration.ofSeconds(30),
            Duration.ofSeconds(3),
            Duration.ofMillis(500));
  }

  /** {@code path}, or {@code :PORT/PATH}, on the host of {@code endpoint}. */
  public static URI metricsAt(URI endpoint, String path) {
    int slash = path.indexOf('/');
    String port =
        path.startsWith(":")
            ? path.substring(0, slash)
            : endpoint.getPort() < 0 ? "" : ":" + endpoint.getPort();
    return URI.create(
        endpoint.getScheme() + "://" + endpoint.getHost() + port + path.substring(slash));
  }

  /** Nobody sees a key in a log. */
  @Override
  public String toString() {
    return engine + "@" + endpoint;
  }
}
