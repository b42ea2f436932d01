package dev.gearbox.gateway.http;

import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.AbstractServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;

/** The thread that writes to a connection: whoever prepares what is written there saves a hop. */
final class EventLoops {
  private EventLoops() {}

  /** Null where the response is not on a connection of Netty's. */
  static @Nullable Scheduler of(ServerHttpResponse response) {
    return response instanceof AbstractServerHttpResponse ours
            && ours.getNativeResponse() instanceof Connection connection
        ? Schedulers.fromExecutor(connection.channel().eventLoop())
        : null;
  }
}
