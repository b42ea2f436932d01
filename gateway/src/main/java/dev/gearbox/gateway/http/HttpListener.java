package dev.gearbox.gateway.http;

import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.remote.wire.TlsReason;
import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.WriteTimeoutHandler;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.boot.web.server.WebServer;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServer;

/** One port with its routes, in a Spring context that holds them and nothing else. */
final class HttpListener implements AutoCloseable {
  private static final int MAX_HEADERS = 16 * 1024;
  private static final int MAX_LINE = 8 * 1024;
  private static final Duration HANDSHAKE = Duration.ofSeconds(10);
  private static final Logger LOG = LoggerFactory.getLogger(HttpListener.class);

  /** For the last bytes of answers that have ended. */
  private static final Duration LAST_WRITES = Duration.ofSeconds(1);

  /** Whether a connection came when the server had said for a while that it leaves. */
  private static final AttributeKey<Boolean> LATE = AttributeKey.valueOf("gearbox.late");

  private final ReactiveWebServerApplicationContext context;
  private final ChannelGroup connections;
  private final int port;

  private HttpListener(
      ReactiveWebServerApplicationContext context, ChannelGroup connections, int port) {
    this.context = context;
    this.connections = connections;
    this.port = port;
  }

  /**
   * Bounds on the other end.
   *
   * @param request longest time to send the rest of a request whose head is there
   * @param idle longest time that a connection is kept without a request's whole head
   * @param write longest time that written bytes may wait for a reader
   */
  record Patience(Duration request, Duration idle, Duration write) {
    static final Patience DEFAULT =
        new Patience(Duration.ofSeconds(60), Duration.ofSeconds(75), Duration.ofSeconds(30));
  }

  /**
   * Listens.
   *
   * @param port 0 takes a free one
   * @param first what every request meets before its route
   * @param closing whether connections that come now are to be given nothing
   * @param security whose TLS it speaks
   * @param encrypted whether it speaks TLS, where there is any
   * @throws IOException when the port cannot be had
   */
  static HttpListener start(
      String host,
      int port,
      RouterFunction<ServerResponse> routes,
      WebFilter first,
      BooleanSupplier closing,
      Patience patience,
      Security security,
      boolean encrypted)
      throws IOException {
    HttpHandler handler =
        RouterFunctions.toHttpHandler(
            routes,
            HandlerStrategies.builder()
                .webFilter(first)
                .exceptionHandler(new LastResort())
                .build());
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    var factory = new NettyReactiveWebServerFactory(port);
    factory.setAddress(InetAddress.getByName(host));
    factory.addServerCustomizers(server -> bounded(server, closing, patience, connections));
    Security.Tls tls = security.tls();
    if (encrypted && tls != null) {
      factory.addServerCustomizers(server -> encrypted(server, tls, security.audit()));
    }
    var context = new ReactiveWebServerApplicationContext();
    context.registerBean("webServerFactory", NettyReactiveWebServerFactory.class, () -> factory);
    context.registerBean("httpHandler", HttpHandler.class, () -> handler);
    try {
      context.refresh();
    } catch (RuntimeException e) {
      context.close();
      if (PortInUseException.class.isInstance(root(e))
          || e.getCause() instanceof PortInUseException) {
        throw new IOException("port " + port + " is in use: choose another with --port", e);
      }
      throw new IOException("cannot listen on " + host + " port " + port + ": " + root(e), e);
    }
    WebServer server = context.getWebServer();
    if (server == null) {
      throw new IllegalStateException("the context started without its server");
    }
    return new HttpListener(context, connections, server.getPort());
  }

  private static HttpServer bounded(
      HttpServer server, BooleanSupplier closing, Patience patience, ChannelGroup connections) {
    return server
        .httpRequestDecoder(spec -> spec.maxInitialLineLength(MAX_LINE).maxHeaderSize(MAX_HEADERS))
        .requestTimeout(patience.request())
        .doOnChannelInit((observer, channel, address) ->
            channel
                .pipeline()
                .addAfter(NettyPipeline.HttpCodec, null, new HeadDeadline(patience.idle())))
        .doOnConnection(connection -> {
          connections.add(connection.channel());
          // This is called for each request: what counts is the first.
          connection.channel().attr(LATE).setIfAbsent(closing.getAsBoolean());
          connection.addHandlerFirst(
              new WriteTimeoutHandler(patience.write().toMillis(), TimeUnit.MILLISECONDS));
        });
  }

  private static HttpServer encrypted(HttpServer server, Security.Tls tls, AuditLog audit) {
    return server
        .secure(spec -> spec.sslContext(tls.context()).handshakeTimeout(HANDSHAKE))
        .doOnChannelInit((observer, channel, address) -> {
          SslHandler handler = channel.pipeline().get(SslHandler.class);
          if (handler != null) {
            handler.handshakeFuture().addListener(done -> untrusted(done.cause(), channel, audit));
          }
        });
  }

  /** Whoever only looks whether somebody listens is no news. */
  private static void untrusted(@Nullable Throwable failure, Channel channel, AuditLog audit) {
    String why = failure == null ? null : TlsReason.of(failure);
    if (why != null && channel.remoteAddress() instanceof InetSocketAddress from) {
      String address = from.getAddress().getHostAddress();
      LOG.warn("event=tls_refused from={} reason=\"{}\"", address, why);
      audit.refused("tls", address, "handshake", 0, why);
    }
  }

  private static Throwable root(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      if (root instanceof PortInUseException) {
        return root;
      }
      root = root.getCause();
    }
    return root;
  }

  int port() {
    return port;
  }

  /** Whether a request came over a connection that came too late. */
  static boolean isLate(ServerHttpRequest request) {
    return ServerHttpRequestDecorator.getNativeRequest(request)
            instanceof reactor.netty.Connection connection
        && Boolean.TRUE.equals(connection.channel().attr(LATE).get());
  }

  boolean hasConnections() {
    return connections.stream().anyMatch(each -> !(each instanceof ServerChannel));
  }

  /** Stops listening, and closes what clients keep open. */
  @Override
  public void close() {
    context.close();
    connections.close().awaitUninterruptibly(LAST_WRITES.toMillis());
  }
}
