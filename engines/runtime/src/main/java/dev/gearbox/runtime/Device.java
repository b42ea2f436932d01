package dev.gearbox.runtime;

import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.StepOrder.Contender;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What computes, with the one thread that owns it. The owner runs one step at a time, of whichever
 * engine is most pressed; other threads send it messages and never touch its structures. Messages
 * are bounded by the permits that each engine gives out.
 *
 * <p>Events reach subscribers on the owner thread while they have demand, so subscribers are quick
 * and hop to threads of their own for anything slow.
 */
public final class Device implements AutoCloseable {
  /** A sleeping owner looks at its deadlines this often. */
  private static final long NAP_NANOS = 20_000_000;

  private static final int WARM_UP_PROMPT = 64;
  private static final int WARM_UP_TOKENS = 16;

  /** The first round compiles; the second settles what the first changed. */
  private static final int WARM_UP_ROUNDS = 2;

  private static final System.Logger LOG = System.getLogger(Device.class.getName());

  private final String id;
  private final LongSupplier clock;
  private final TelemetrySink sink;
  private final SplittableRandom seeds = new SplittableRandom();
  private final Queue<Runnable> mailbox = new ConcurrentLinkedQueue<>();
  private final BusyShare busy = new BusyShare();
  private final List<EngineLoop> engines = new ArrayList<>();
  private final int warmUpRounds;
  private final StepOrder<EngineLoop> order = new StepOrder<>();
  private final List<Contender<EngineLoop>> contenders = new ArrayList<>();
  private final Thread owner;
  private volatile boolean pressed;
  private volatile boolean closing;
  private volatile boolean ended;

  /**
   * @param id as in its signals
   * @param nanoClock the monotonic clock that deadlines are given in
   * @param sink told of every step, on the owner thread
   */
  public Device(String id, LongSupplier nanoClock, TelemetrySink sink) {
    this(id, nanoClock, sink, WARM_UP_ROUNDS);
  }

  /**
   * A device whose engines warm up more or less than usual.
   *
   * @param warmUpRounds rounds before an engine is ready; 0 where the first request is nearly the
   *     last
   */
  public Device(String id, LongSupplier nanoClock, TelemetrySink sink, int warmUpRounds) {
    this.id = id;
    this.warmUpRounds = warmUpRounds;
    this.clock = nanoClock;
    this.sink = sink;
    this.owner = Thread.ofPlatform().daemon().name("gearbox-device-" + id).start(this::run);
  }

  /**
   * Opens an engine beside those that are open. It warms up first, in the background; requests are
   * taken meanwhile.
   *
   * @param runner belongs to the engine from here on and is closed with it
   */
  public AdapterHost open(EngineSpec spec, ModelRunner runner, PromptEncoder encoder) {
    return open(spec, runner, null, encoder);
  }

  /**
   * Opens an engine whose answers a small model guesses ahead.
   *
   * @param draft null: none does
   */
  public AdapterHost open(
      EngineSpec spec, ModelRunner runner, @Nullable DraftSpec draft, PromptEncoder encoder) {
    if (draft != null && draft.runner().vocabulary() != runner.vocabulary()) {
      throw new IllegalArgumentException(
          "%s has a vocabulary of %d tokens and %s of %d: it cannot guess for it"
              .formatted(
                  draft.variant(),
                  draft.runner().vocabulary(),
                  spec.variant(),
                  runner.vocabulary()));
    }
    long kvTokens = (long) spec.kvBlocks() * ModelRunner.BLOCK_TOKENS;
    long context = Math.min(kvTokens, Math.min(spec.maxContext(), runner.maxContext()));
    EngineCapabilities capabilities =
        new EngineCapabilities(
            spec.engine(),
            spec.variant(),
            id,
            spec.fingerprint(),
            (int) context,
            runner.vocabulary(),
            spec.features());
    EngineStatus status = new EngineStatus(spec, id, clock.getAsLong());
    EngineLoop loop =
        new EngineLoop(spec, id, runner, draft, encoder, status, clock, sink, seeds.split());
    DeviceEngine engine =
        new DeviceEngine(spec, capabilities, runner, encoder, status, loop, this, clock);
    List<TokenStream> warmUps = new ArrayList<>();
    for (int round = 0; round < warmUpRounds; round++) {
      warmUps.add(TokenStream.discarding(warmUp(capabilities, round), engine));
    }
    send(() -> {
      if (ended) {
        loop.close();
      } else {
        engines.add(loop);
        loop.open(warmUps);
      }
    });
    return engine;
  }

  private GenerationRequest warmUp(EngineCapabilities capabilities, int round) {
    int length = Math.min(WARM_UP_PROMPT, capabilities.maxContext() / 2);
    int[] prompt = new int[length];
    for (int i = 0; i < length; i++) {
      prompt[i] = (i * 7 + 3) % capabilities.vocabulary();
    }
    return new GenerationRequest(
        "warm-up",
        TokenIds.of(prompt),
        SamplingSpec.GREEDY,
        Math.min(WARM_UP_TOKENS, capabilities.maxContext() - length),
        List.of(),
        true,
        Lane.INTERACTIVE,
        Integer.MAX_VALUE,
        0,
        Long.MAX_VALUE,
        "warm-up " + round,
        true);
  }

  /** Share of the last second that it spent in steps. */
  public DeviceSignal signal() {
    long now = clock.getAsLong();
    return new DeviceSignal(id, busy.share(now), now);
  }

  /** Closes every engine and ends the owner thread, after the step that it is in. */
  @Override
  public void close() {
    closing = true;
    wake();
    if (Thread.currentThread() != owner) {
      try {
        owner.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Closes one engine; waits for the step under way unless the owner itself asks. */
  void close(EngineLoop loop) {
    CountDownLatch closed = new CountDownLatch(1);
    send(() -> {
      remove(loop);
      closed.countDown();
    });
    if (Thread.currentThread() != owner) {
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void remove(EngineLoop loop) {
    if (engines.remove(loop)) {
      order.leave(loop);
      loop.close();
    }
  }

  /** Hands the owner something that a step of bulk alone makes way for. */
  void sendPressing(Runnable message) {
    send(message);
    // INVARIANT: set after the message is there, and taken back before messages are read: a step
    // that does not see it carries what came.
    pressed = true;
  }

  /** Hands the owner something to do between two steps. */
  void send(Runnable message) {
    mailbox.add(message);
    // INVARIANT: the owner sets the flag before it empties the mailbox for the last time, so a
    // message is run by the one or the other.
    if (ended) {
      runMailbox();
    } else {
      wake();
    }
  }

  void wake() {
    LockSupport.unpark(owner);
  }

  private void run() {
    while (!closing) {
      pressed = false;
      runMailbox();
      long now = clock.getAsLong();
      boolean inFlight = false;
      for (EngineLoop engine : engines) {
        engine.refresh(now);
        inFlight |= engine.isBusy();
      }
      if (!step(now)) {
        rest(inFlight);
      }
    }
    ended = true;
    runMailbox();
    for (EngineLoop engine : List.copyOf(engines)) {
      remove(engine);
    }
  }

  private void rest(boolean inFlight) {
    // A message that came after the mailbox was read has left a permit, and parking returns at
    // once.
    if (inFlight) {
      LockSupport.parkNanos(this, NAP_NANOS);
    } else {
      LockSupport.park(this);
    }
    // An interrupted thread never parks.
    Thread.interrupted();
  }

  /** Runs a step of whoever is first and can; false when nobody can. */
  private boolean step(long now) {
    contenders.clear();
    contend(false);
    boolean spare = contenders.isEmpty();
    if (spare) {
      contend(true);
    }
    while (!contenders.isEmpty()) {
      EngineLoop engine = order.next(contenders, now);
      int weight = engine.weight();
      // A step that nobody waits for keeps nobody from the device.
      if (!spare) {
        busy.begin(clock.getAsLong());
      }
      long nanos = engine.step(() -> pressed);
      if (!spare) {
        busy.end(clock.getAsLong());
      }
      if (nanos > 0) {
        order.charge(engine, nanos, weight);
        for (EngineLoop other : engines) {
          if (other != engine) {
            other.otherStep(nanos);
          }
        }
        return true;
      }
      contenders.removeIf(contender -> contender.engine() == engine);
    }
    return false;
  }

  private void contend(boolean idle) {
    for (EngineLoop engine : engines) {
      if (engine.wantsStep(idle)) {
        contenders.add(new Contender<>(engine, engine.due(), engine.stepNanos()));
      }
    }
  }

  private void runMailbox() {
    // Uncontended while the owner lives; after that, whoever comes late runs the late message.
    synchronized (mailbox) {
      for (Runnable message = mailbox.poll(); message != null; message = mailbox.poll()) {
        try {
          message.run();
        } catch (RuntimeException e) {
          LOG.log(System.Logger.Level.ERROR, "event=message_failed device=" + id, e);
        }
      }
    }
  }
}
