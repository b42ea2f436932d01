package dev.gearbox.runtime;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.Map;
import java.util.concurrent.Flow;

/**
 * An adapter as an engine: its requests carry the adapter into the batch of the engine that holds
 * its base. What it says of itself counts its own requests; memory and places are the base's.
 */
final class AdapterEngine implements Engine {
  private final Engine base;
  private final LoadedAdapter adapter;
  private final EngineCapabilities capabilities;

  AdapterEngine(Engine base, LoadedAdapter adapter, AdapterSpec spec) {
    this.base = base;
    this.adapter = adapter;
    EngineCapabilities of = base.capabilities();
    capabilities =
        new EngineCapabilities(
            spec.engine(),
            spec.variant(),
            of.device(),
            spec.fingerprint(),
            of.maxContext(),
            of.vocabulary(),
            of.features());
  }

  @Override
  public EngineCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public Encoding encode(Prompt prompt) {
    return base.encode(prompt);
  }

  @Override
  public Flow.Publisher<TokenEvent> submit(GenerationRequest request) {
    return base.submit(request.with(adapter));
  }

  @Override
  public boolean scores() {
    return base.scores();
  }

  @Override
  public EngineSignal signal() {
    EngineSignal of = base.signal();
    State state = adapter.state();
    return new EngineSignal(
        capabilities.engine(),
        of.pool(),
        capabilities.variant(),
        of.device(),
        state.compareTo(of.state()) > 0 ? state : of.state(),
        adapter.running(),
        adapter.waiting(),
        0,
        0,
        of.maxSequences(),
        of.kvBlocksFree(),
        of.kvBlocksTotal(),
        of.takenNanos(),
        of.heardNanos(),
        0);
  }

  @Override
  public Map<String, Prefill> prefills() {
    return base.prefills();
  }

  @Override
  public void drain() {
    adapter.advance(State.DRAINING);
  }

  @Override
  public void close() {
    adapter.advance(State.CLOSED);
  }
}
