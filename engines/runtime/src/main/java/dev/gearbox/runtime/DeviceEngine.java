package dev.gearbox.runtime;

import dev.gearbox.engine.Adapter;
import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.Failed;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The door of an engine on a {@link Device}: answers from any thread what needs no owner, and sends
 * the owner thread messages for the rest.
 */
final class DeviceEngine implements AdapterHost, TokenStream.Source {
  private final EngineSpec spec;
  private final EngineCapabilities capabilities;
  private final ModelRunner runner;
  private final PromptEncoder encoder;
  private final EngineStatus status;
  private final EngineLoop loop;
  private final Device device;
  private final LongSupplier clock;
  private final List<LoadedAdapter> adapters = new ArrayList<>();
  private long attached;

  DeviceEngine(
      EngineSpec spec,
      EngineCapabilities capabilities,
      ModelRunner runner,
      PromptEncoder encoder,
      EngineStatus status,
      EngineLoop loop,
      Device device,
      LongSupplier clock) {
    this.spec = spec;
    this.capabilities = capabilities;
    this.runner = runner;
    this.encoder = encoder;
    this.status = status;
    this.loop = loop;
    this.device = device;
    this.clock = clock;
  }

  @Override
  public EngineCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public Encoding encode(Prompt prompt) {
    return encoder.encode(prompt);
  }

  @Override
  public Engine attach(AdapterSpec adapter, LoraAdapter file) {
    synchronized (adapters) {
      // Those that still end hold their memory, so they count.
      adapters.removeIf(LoadedAdapter::isOver);
      if (adapters.size() >= spec.maxLoras()) {
        throw new IllegalArgumentException(
            "engine %s holds %d adapters and max-loras is %d: unload one, or wait until the requests of one that was unloaded have ended"
                .formatted(spec.engine(), adapters.size(), spec.maxLoras()));
      }
      if (file.rank() > spec.maxLoraRank()) {
        throw new IllegalArgumentException(
            "the adapter has rank %d and max-lora-rank is %d"
                .formatted(file.rank(), spec.maxLoraRank()));
      }
      String key = adapter.variant() + "#" + ++attached;
      LoadedAdapter loaded = new LoadedAdapter(key, runner.adapter(file, adapter.factor()), this);
      adapters.add(loaded);
      return new AdapterEngine(this, loaded, adapter);
    }
  }

  @Override
  public Flow.Publisher<TokenEvent> submit(GenerationRequest request) {
    Adapter adapter = request.adapter();
    if (adapter != null && !(adapter instanceof LoadedAdapter mine && mine.host().equals(this))) {
      throw new IllegalArgumentException("the adapter is not one of engine " + spec.engine());
    }
    for (int i = 0; i < request.prompt().size(); i++) {
      int token = request.prompt().get(i);
      if (token < 0 || token >= capabilities.vocabulary()) {
        throw new IllegalArgumentException(
            "token ids run from 0 to %d, got %d at position %d"
                .formatted(capabilities.vocabulary() - 1, token, i));
      }
    }
    return new TokenStream(request, this);
  }

  @Override
  public void start(TokenStream stream) {
    Failed refusal = refusal(stream);
    if (refusal != null) {
      stream.emit(refusal);
      return;
    }
    long submitted = clock.getAsLong();
    Runnable message = () -> loop.add(stream, submitted);
    switch (stream.request().lane()) {
      case INTERACTIVE -> device.sendPressing(message);
      case BULK -> device.send(message);
    }
  }

  @Override
  public void cancel(TokenStream stream) {
    device.send(() -> loop.cancel(stream));
  }

  @Override
  public void resume() {
    device.wake();
  }

  /** Why a request cannot be taken; null, and it has a permit, when it can. */
  private @Nullable Failed refusal(TokenStream stream) {
    GenerationRequest request = stream.request();
    TokenCounts counts = counts(stream);
    switch (status.state()) {
      case FAILED, CLOSED -> {
        return gone(stream);
      }
      case DRAINING -> {
        return new Failed(FailureCode.OVERLOADED, "the engine is draining", counts);
      }
      case LOADING, WARMING, READY -> {}
    }
    long tokens = (long) request.prompt().size() + request.maxTokens();
    if (tokens > capabilities.maxContext()) {
      String message =
          "prompt (%d tokens) and answer (up to %d) exceed the context of %d tokens"
              .formatted(request.prompt().size(), request.maxTokens(), capabilities.maxContext());
      return new Failed(FailureCode.CONTEXT_LENGTH_EXCEEDED, message, counts);
    }
    if (!status.enter(request)) {
      return new Failed(FailureCode.OVERLOADED, "the engine's queue is full", counts);
    }
    LoadedAdapter adapter = LoadedAdapter.of(request);
    if (adapter != null && !adapter.enter()) {
      status.seen(request);
      status.leave(request);
      return new Failed(FailureCode.OVERLOADED, "the adapter is being unloaded", counts);
    }
    return null;
  }

  /** The answer to who comes after the end. */
  static Failed gone(TokenStream stream) {
    return new Failed(FailureCode.ENGINE_FAILED, "the engine is gone", counts(stream));
  }

  private static TokenCounts counts(TokenStream stream) {
    return new TokenCounts(stream.request().prompt().size(), 0, 0);
  }

  @Override
  public boolean scores() {
    return true;
  }

  @Override
  public EngineSignal signal() {
    return status.signal(clock.getAsLong());
  }

  @Override
  public EngineCounters counters() {
    return status.counters();
  }

  @Override
  public Map<String, Prefill> prefills() {
    return status.prefills();
  }

  @Override
  public void drain() {
    status.advance(State.DRAINING);
  }

  @Override
  public void close() {
    device.close(loop);
  }
}
