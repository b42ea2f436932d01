package dev.gearbox.gateway.dispatch;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.remote.RemoteEngine;
import dev.gearbox.remote.RemoteServer;
import dev.gearbox.remote.RemoteSpec;
import dev.gearbox.remote.RemoteText;
import dev.gearbox.remote.wire.ServerClient;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.SignalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens engines on servers, and waits for those that are not there yet: a server that comes later
 * joins then. Thread-safe.
 */
public final class RemoteOpener implements EngineOpener {
  private static final System.Logger LOG = System.getLogger(RemoteOpener.class.getName());

  /** Encoder of engines whose servers get the client's words. */
  private static final String WORDS = "words";

  private static final long RETRY_MILLIS = 500;

  private final Map<String, Plan> plans = new ConcurrentHashMap<>();
  private final SignalStore signals;
  private final LongSupplier clock;
  private volatile BiConsumer<String, String> untrusted = (engine, reason) -> {};

  /**
   * What one engine is.
   *
   * @param spec the server and the model on it
   * @param tokenizer finds a file with the variant's tokenizer; null where it is not known
   */
  public record Plan(RemoteSpec spec, @Nullable Tokenizers tokenizer) {}

  /** Finds the file of a tokenizer, fetching it where it is not here. */
  @FunctionalInterface
  public interface Tokenizers {
    Path fetch(String engine, EngineRegistry registry) throws IOException, InterruptedException;
  }

  public RemoteOpener(SignalStore signals, LongSupplier clock) {
    this.signals = signals;
    this.clock = clock;
  }

  /** Tells of each engine whose server is not trusted, or does not trust this one, and why. */
  public void onUntrusted(BiConsumer<String, String> listener) {
    untrusted = listener;
  }

  /** Makes an engine known by its id, before it is asked for. */
  public void plan(Plan plan) {
    plans.put(plan.spec().engine(), plan);
  }

  /** Forgets an engine that has left. */
  public void forget(Plan plan) {
    plans.remove(plan.spec().engine());
    if (plans.values().stream().noneMatch(p -> p.spec().device().equals(plan.spec().device()))) {
      signals.removeDevice(plan.spec().device());
    }
  }

  @Override
  public boolean isApart(EngineSlot slot) {
    return true;
  }

  @Override
  public Opened open(EngineSlot slot, EngineRegistry registry)
      throws IOException, InterruptedException {
    Plan plan = plans.get(slot.id());
    if (plan == null) {
      throw new IllegalArgumentException("no server is known for " + slot.id());
    }
    if (plan.tokenizer() == null) {
      return opened(await(plan.spec(), null, registry), WORDS, registry);
    }
    try (GgufFile file = GgufFile.open(plan.tokenizer().fetch(slot.id(), registry))) {
      PromptCodec codec = PromptCodec.of(file);
      RemoteText text =
          new RemoteText(
              PromptEncoder.of(codec), codec.chats(), codec.tokenizer().vocabularySize());
      // A server that takes words renders chats itself, so its prompts are not the same.
      String prefix = plan.spec().dialect().takesTokens() ? "" : WORDS + " ";
      return opened(
          await(plan.spec(), text, registry),
          prefix + LocalOpener.encoderId(file.metadata()),
          registry);
    }
  }

  private Opened opened(RemoteEngine engine, String encoder, EngineRegistry registry) {
    String device = engine.capabilities().device();
    signals.addDevice(device, () -> busy(device, registry));
    return new Opened(engine, encoder);
  }

  /** A server is as busy as its engines have of what they may have, since they last heard of it. */
  private DeviceSignal busy(String device, EngineRegistry registry) {
    double share = 0;
    long taken = clock.getAsLong();
    for (EngineSlot slot : registry.slots()) {
      if (slot.engine() != null && slot.device().equals(device)) {
        EngineSignal signal = slot.engine().signal();
        int has = signal.running() + signal.waiting();
        share += (double) has / Math.max(1, signal.maxSequences());
        taken = Math.min(taken, signal.heardNanos());
      }
    }
    return new DeviceSignal(device, Math.min(1, share), taken);
  }

  /** Tries until the server answers; says each new reason once. */
  private RemoteEngine await(RemoteSpec spec, @Nullable RemoteText text, EngineRegistry registry)
      throws InterruptedException {
    String said = "";
    while (registry.find(spec.engine()) != null) {
      try {
        return RemoteServer.open(spec, text, signals::pace, clock);
      } catch (IOException e) {
        String reason = String.valueOf(e.getMessage());
        if (!reason.equals(said)) {
          said = reason;
          if (reason.contains(ServerClient.UNTRUSTED)) {
            untrusted.accept(spec.engine(), reason);
          }
          LOG.log(
              System.Logger.Level.WARNING,
              "event=server_awaited engine=" + spec.engine() + " " + reason);
          registry.note(spec.engine(), spec.engine() + " waits for its server: " + reason);
        }
      }
      Thread.sleep(RETRY_MILLIS);
    }
    throw new InterruptedException(spec.engine() + " has left");
  }
}
