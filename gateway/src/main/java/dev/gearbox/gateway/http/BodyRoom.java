package dev.gearbox.gateway.http;

import java.util.concurrent.atomic.AtomicLong;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * Bytes of JSON bodies that may be in the house at once, counted from before they are read until
 * their exchanges end. A heap that is full serves nobody, so whoever finds no room is refused, and
 * large bodies leave some of it to small ones. Thread-safe.
 */
final class BodyRoom {
  /** Of a body there are its bytes, its strings, its tokens, and what goes on to an engine. */
  private static final int HEAP_BYTES_PER_BYTE = 16;

  private static final int SMALL = 64 * 1024;
  private static final String SHARE = "gearbox.body-room";

  private final long most;
  private final AtomicLong taken = new AtomicLong();

  BodyRoom(long most) {
    this.most = most;
  }

  static BodyRoom ofHeap() {
    return new BodyRoom(Runtime.getRuntime().maxMemory() / HEAP_BYTES_PER_BYTE);
  }

  /** Bytes of a body that finds room when there is no other. */
  long largest() {
    return most - most / 4;
  }

  /** What is taken for one exchange. */
  private static final class Share {
    private final AtomicLong bytes = new AtomicLong();
  }

  /** Takes so much more for an exchange; false when there is not so much. */
  boolean take(ServerWebExchange exchange, long bytes) {
    Object held = exchange.getAttributes().computeIfAbsent(SHARE, _ -> new Share());
    if (!(held instanceof Share share)) {
      throw new IllegalStateException(SHARE + " is " + held);
    }
    long bound = share.bytes.get() + bytes <= SMALL ? most : largest();
    if (taken.addAndGet(bytes) > bound) {
      taken.addAndGet(-bytes);
      return false;
    }
    share.bytes.addAndGet(bytes);
    return true;
  }

  /** Gives back what was taken for an exchange when it ends, however it does. */
  Mono<Void> around(ServerWebExchange exchange, Mono<Void> served) {
    return served.doFinally(_ -> {
      if (exchange.getAttributes().remove(SHARE) instanceof Share share) {
        taken.addAndGet(-share.bytes.get());
      }
    });
  }
}
