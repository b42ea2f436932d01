package dev.gearbox.gateway.http;

import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Live while the process answers; ready while an engine takes requests and nothing drains. */
final class Health {
  private static final int UNAVAILABLE = 503;

  private final EngineRegistry registry;
  private final BooleanSupplier draining;

  Health(EngineRegistry registry, BooleanSupplier draining) {
    this.registry = registry;
    this.draining = draining;
  }

  Mono<ServerResponse> health() {
    return reply(200, state());
  }

  Mono<ServerResponse> live() {
    return reply(200, "live");
  }

  Mono<ServerResponse> ready() {
    String state = state();
    return reply(state.equals("ready") ? 200 : UNAVAILABLE, state);
  }

  private String state() {
    if (draining.getAsBoolean()) {
      return "draining";
    }
    if (registry.slots().stream().anyMatch(EngineSlot::usable)) {
      return "ready";
    }
    return registry.slots().stream().anyMatch(EngineSlot::coming) ? "loading" : "failed";
  }

  private static Mono<ServerResponse> reply(int status, String state) {
    return Replies.json(
        status, ("{\"status\":\"" + state + "\"}").getBytes(StandardCharsets.US_ASCII));
  }
}
