package dev.gearbox.remote.wire;

import dev.gearbox.remote.wire.ChunkReader.ServerError;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.SslContext;
import java.io.ByteArrayOutputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.resources.ConnectionProvider;

/**
 * Connections to one server: kept alive, few, HTTP/2 where TLS offers it. Redirects are not
 * followed, compression is neither asked for nor taken, headers are bounded. Looks at the server
 * have connections of their own, so that a full house does not look like a dead one.
 */
public final class ServerClient implements AutoCloseable {
  private static final int MAX_HEADERS = 16_384;
  private static final int MAX_ERROR_BODY = 65_536;
  private static final int MAX_SHOWN = 60;

  /** Shorter than servers usually keep an idle connection, or a request may meet its end. */
  private static final Duration MAX_IDLE = Duration.ofSeconds(4);

  private final URI endpoint;
  private final ConnectionProvider connections;
  private final ConnectionProvider lookouts;
  private final HttpClient client;
  private final HttpClient lookout;

  /**
   * A client that connects when it is first used.
   *
   * @param endpoint scheme, host, port and what comes before {@code /v1}
   * @param most connections for generations at most
   * @param connect longest wait for a connection
   * @param key sent as a bearer token; null for none
   * @param tls whom to trust and what to show where TLS is spoken; null for what Java does
   */
  public ServerClient(
      URI endpoint, int most, Duration connect, @Nullable String key, @Nullable SslContext tls) {
    this.endpoint = endpoint;
    this.connections =
        ConnectionProvider.builder("remote-" + endpoint.getAuthority())
            .maxConnections(most)
            .pendingAcquireMaxCount(most)
            .pendingAcquireTimeout(connect)
            .maxIdleTime(MAX_IDLE)
            .build();
    this.lookouts =
        ConnectionProvider.builder("remote-lookout-" + endpoint.getAuthority())
            .maxConnections(2)
            .pendingAcquireTimeout(connect)
            .maxIdleTime(MAX_IDLE)
            .build();
    this.client = client(connections, connect, key, tls);
    this.lookout = client(lookouts, connect, key, tls);
  }

  private HttpClient client(
      ConnectionProvider provider,
      Duration connect,
      @Nullable String key,
      @Nullable SslContext tls) {
    HttpClient plain =
        HttpClient.create(provider)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connect.toMillis())
            .httpResponseDecoder(spec -> spec.maxHeaderSize(MAX_HEADERS))
            .headers(headers -> authorize(headers, key));
    if (!"https".equals(endpoint.getScheme())) {
      return plain;
    }
    HttpClient secure = plain.protocol(HttpProtocol.H2, HttpProtocol.HTTP11);
    return tls == null ? secure.secure() : secure.secure(spec -> spec.sslContext(tls));
  }

  private static void authorize(HttpHeaders headers, @Nullable String key) {
    headers.set(HttpHeaderNames.USER_AGENT, "gearbox");
    if (key != null) {
      headers.set(HttpHeaderNames.AUTHORIZATION, "Bearer " + key);
    }
  }

  /**
   * The bytes of an event stream as they come, on an event loop. Ends in a {@link WireException} or
   * in its end; cancelling closes the connection, so that the server stops.
   *
   * @param path below the endpoint
   * @param body JSON
   * @param headers beyond the usual ones
   */
  public Flux<byte[]> stream(String path, byte[] body, Map<String, String> headers) {
    return client
        .headers(all -> {
          all.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
          all.set(HttpHeaderNames.ACCEPT, "text/event-stream");
          headers.forEach(all::set);
        })
        .post()
        .uri(at(path))
        .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(body)))
        .response((response, content) -> events(response, content.asByteArray()))
        .onErrorMap(e -> e instanceof WireException ? e : lost(e));
  }

  private static Publisher<byte[]> events(HttpClientResponse response, Flux<byte[]> content) {
    int status = response.status().code();
    if (status != 200) {
      return content
          .take(MAX_ERROR_BODY / 1024)
          .collect(ByteArrayOutputStream::new, ServerClient::append)
          .flatMap(body -> Mono.error(ServerError.answered(status, body.toByteArray())));
    }
    String encoding = response.responseHeaders().get(HttpHeaderNames.CONTENT_ENCODING);
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      return Flux.error(WireException.broken("the server compressed what it was not asked to"));
    }
    String type = response.responseHeaders().get(HttpHeaderNames.CONTENT_TYPE, "nothing");
    if (!type.toLowerCase(Locale.ROOT).startsWith("text/event-stream")) {
      return Flux.error(
          WireException.broken(
              "the server answered with " + shown(type) + " instead of an event stream"));
    }
    return content;
  }

  private static void append(ByteArrayOutputStream into, byte[] more) {
    into.write(more, 0, Math.max(0, Math.min(more.length, MAX_ERROR_BODY - into.size())));
  }

  /**
   * The body of a page that answers 200, or a {@link WireException}.
   *
   * @param uri absolute
   * @param longest wait for all of it
   * @param most bytes of it
   */
  public Mono<byte[]> page(URI uri, Duration longest, int most) {
    return lookout
        .get()
        .uri(uri)
        .response((response, content) -> {
          int status = response.status().code();
          return status == 200
              ? content.asByteArray()
              : Flux.error(WireException.broken(uri.getPath() + " answered with " + status));
        })
        .collect(
            ByteArrayOutputStream::new,
            (into, more) -> {
              if (into.size() + more.length > most) {
                throw new IllegalStateException(
                    uri.getPath() + " has more than " + most + " bytes");
              }
              into.writeBytes(more);
            })
        .map(ByteArrayOutputStream::toByteArray)
        .timeout(longest)
        .onErrorMap(e -> e instanceof WireException ? e : lost(e));
  }

  /** {@code path} of this server. */
  public URI at(String path) {
    String base = endpoint.toString();
    return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
  }

  /** Whether nobody listens there, which needs no second look. */
  public static boolean isRefused(WireException e) {
    return e.text().equals(REFUSED);
  }

  /** How a reason begins that has to do with certificates. */
  public static final String UNTRUSTED = "no secure connection to the server: ";

  private static final String REFUSED = "the server cannot be reached";

  private static WireException lost(Throwable e) {
    String untrusted = TlsReason.of(e);
    if (untrusted != null) {
      return WireException.broken(UNTRUSTED + untrusted);
    }
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
        return WireException.broken(REFUSED);
      }
      if (cause instanceof TimeoutException) {
        return WireException.broken("the server did not answer in time");
      }
      if (cause instanceof IllegalStateException && cause.getMessage() != null) {
        return WireException.broken("the server's " + cause.getMessage());
      }
    }
    String what = e.getClass().getSimpleName();
    return WireException.broken("the connection to the server was lost (" + what + ")");
  }

  private static String shown(String text) {
    String plain = text.replaceAll("[^\\x20-\\x7e]+", " ");
    return plain.length() <= MAX_SHOWN ? plain : plain.substring(0, MAX_SHOWN) + "…";
  }

  @Override
  public void close() {
    connections.dispose();
    lookouts.dispose();
  }
}
