package dev.gearbox.runtime;

import dev.gearbox.engine.DeviceShare;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.runtime.sample.SamplingBuffers;
import dev.gearbox.runtime.schedule.StepTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The requests that an engine has taken and not ended, in the order of their arrival. Confined to
 * the owner thread.
 */
final class Generations {
  private final PromptEncoder encoder;
  private final SplittableRandom seeds;
  private final SamplingBuffers buffers = new SamplingBuffers();
  private final Map<TokenStream, Generation> running = new LinkedHashMap<>();
  private long arrivals;

  Generations(PromptEncoder encoder, SplittableRandom seeds) {
    this.encoder = encoder;
    this.seeds = seeds;
  }

  Generation begin(TokenStream stream, long submittedNanos) {
    GenerationRequest request = stream.request();
    int[] prompt = request.prompt().toArray();
    Sampler sampler = new Sampler(request.sampling(), seeds.nextLong(), prompt, buffers);
    Generation generation = new Generation(stream, arrivals++, encoder, sampler, submittedNanos);
    running.put(stream, generation);
    return generation;
  }

  @Nullable Generation of(TokenStream stream) {
    return running.get(stream);
  }

  void remove(Generation generation) {
    running.remove(generation.stream());
  }

  Collection<Generation> all() {
    return running.values();
  }

  boolean isEmpty() {
    return running.isEmpty();
  }

  /** Pauses or resumes all by demand; returns those past their deadline. */
  List<Generation> refresh(long nowNanos) {
    List<Generation> expired = List.of();
    for (Generation generation : running.values()) {
      generation.pause(generation.stream().shouldPause());
      if (generation.isExpired(nowNanos)) {
        expired = expired.isEmpty() ? new ArrayList<>() : expired;
        expired.add(generation);
      }
    }
    return expired;
  }

  /**
   * Whether somebody wants a step.
   *
   * @param idle whether those count who want one only when nobody else on the device does
   */
  boolean wantsStep(boolean idle) {
    for (Generation generation : running.values()) {
      if (!generation.paused() && (idle || !generation.scores())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Share of the device of those who want a step.
   *
   * @param most sequences of a batch
   */
  int weight(int most) {
    int wanting = 0;
    boolean interactive = false;
    for (Generation generation : running.values()) {
      if (presses(generation)) {
        wanting++;
        interactive |= generation.request().lane() == Lane.INTERACTIVE;
      }
    }
    return DeviceShare.weight(interactive, wanting, most);
  }

  private static boolean presses(Generation generation) {
    return !generation.paused() && !generation.scores();
  }

  /** Instant by which the next step should have ended; {@link Long#MAX_VALUE}: no hurry. */
  long due(StepTime time) {
    long due = Long.MAX_VALUE;
    for (Generation generation : running.values()) {
      if (presses(generation)) {
        due = Math.min(due, generation.due(time.decodeNanos(), time.prefillTokenNanos()));
      }
    }
    return due;
  }
}
