package dev.gearbox.gateway.stream;

import dev.gearbox.gateway.api.InferenceRequest;
import reactor.core.publisher.Flux;

/** The line behind the way in and out; whoever cancels the events stops the work. */
@FunctionalInterface
public interface Line {
  Flux<LineEvent> run(InferenceRequest request);
}
