package dev.gearbox.gateway;

import dev.gearbox.gateway.admission.AdmissionControl;
import dev.gearbox.gateway.admission.SharedLimits;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.RequestParser;
import dev.gearbox.gateway.api.ServiceClasses;
import dev.gearbox.gateway.batch.BatchQueue;
import dev.gearbox.gateway.batch.Batches;
import dev.gearbox.gateway.batch.LineQueue;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.KafkaConfig;
import dev.gearbox.gateway.console.Console;
import dev.gearbox.gateway.dispatch.Discovery;
import dev.gearbox.gateway.dispatch.Dispatcher;
import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.gateway.dispatch.EngineOpener;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.Gearing;
import dev.gearbox.gateway.dispatch.LoraAdapters;
import dev.gearbox.gateway.dispatch.ModelLoader;
import dev.gearbox.gateway.dispatch.PrefixRecord;
import dev.gearbox.gateway.dispatch.PromptEncoders;
import dev.gearbox.gateway.dispatch.ReadyEngines;
import dev.gearbox.gateway.dispatch.RetryBudget;
import dev.gearbox.gateway.dispatch.Watchdog;
import dev.gearbox.gateway.http.DecisionsJson;
import dev.gearbox.gateway.http.HttpFront;
import dev.gearbox.gateway.kafka.KafkaBatchQueue;
import dev.gearbox.gateway.kafka.KafkaIntake;
import dev.gearbox.gateway.quality.QualityAudit;
import dev.gearbox.gateway.security.Exposure;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The running platform: both ports, the line behind them, and the engines that come up in the
 * background. What {@code serve} and {@code engine} start and stop. Thread-safe.
 */
public final class GearboxServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(GearboxServer.class.getName());
  private static final int TOO_MANY = 429;
  private static final int SERVER_ERROR = 500;
  private static final int ENCODER_QUEUE = 2048;
  private static final long DRAIN_POLL_MILLIS = 20;
  private static final Duration QUIET = Duration.ofSeconds(1);
  private static final Duration LOADING = Duration.ofSeconds(30);
  private static final Duration STREAM_LOADING = Duration.ofMinutes(30);

  private final Core core;
  private final EngineRegistry registry;
  private final AdmissionControl admission;
  private final Console console;
  private final PromptEncoders encoders;
  private final @Nullable QualityAudit audit;
  private final LoraAdapters adapters;
  private final ModelLoader loader;
  private final Discovery discovery;
  private final EngineOpener opener;
  private final Leaving leaving;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean hurried;
  private final HttpFront front;
  private final Batches batches;
  private final @Nullable KafkaIntake intake;
  private final Security security;
  private final @Nullable SharedLimits shared;

  /**
   * Starts what is configured, on this machine: both ports answer when this returns, weights are
   * fetched and engines come up in the background.
   *
   * @param store where weights are, and are fetched to
   * @param listener sees engines come and go
   * @throws IOException when a port cannot be had, or a rule file is wrong
   */
  public static GearboxServer start(
      Configuration configuration, WeightStore store, EngineListener listener) throws IOException {
    return Wiring.start(configuration, store, null, listener);
  }

  /**
   * The same line with engines of the caller's instead of this machine's.
   *
   * @param opener makes the engines; closed with the server
   * @throws IOException when a port cannot be had, or a rule file is wrong
   */
  public static GearboxServer start(
      Configuration configuration, WeightStore store, EngineOpener opener, EngineListener listener)
      throws IOException {
    return Wiring.start(configuration, store, opener, listener);
  }

  /**
   * Starts: both ports answer when this returns, engines come up in the background.
   *
   * @param plan what to serve and where
   * @param core signals, meters and the policy
   * @param opener makes engines; closed with the server
   * @param listener sees engines come and go
   * @throws IOException when a port cannot be had
   */
  static GearboxServer start(
      ServerPlan plan, Core core, EngineOpener opener, EngineListener listener) throws IOException {
    return new GearboxServer(plan, core, opener, listener);
  }

  private GearboxServer(ServerPlan plan, Core core, EngineOpener opener, EngineListener listener)
      throws IOException {
    this.core = core;
    security = plan.security();
    shared = plan.shared();
    LongSupplier clock = core.clock();
    leaving = new Leaving(clock);
    core.policy().expect(plan.classes().all());
    core.meters().gateway().expect(plan.catalog().names());
    var feed = new PolicyFeed(plan.catalog(), core.policy());
    registry = new EngineRegistry(plan.catalog(), core.signals(), clock, feed);
    registry.listen(listener);
    plan.engines()
        .forEach(each -> registry.declare(each.id(), each.pool(), each.variant(), each.device()));
    adapters = new LoraAdapters(registry, plan.adapters(), plan.qualities());
    adapters.declare();
    admission = new AdmissionControl(plan.limits(), plan.tenants(), clock, plan.shared());
    console = console(plan);
    encoders = new PromptEncoders(plan.encoderThreads(), ENCODER_QUEUE);
    this.opener = opener;
    loader = new ModelLoader(registry, opener, adapters);
    audit = plan.audit().sample() > 0 ? audit(plan) : null;
    RequestPipeline pipeline = pipeline(plan);
    RequestParser parser = new RequestParser(plan.classes());
    KafkaConfig kafka = plan.kafka();
    String instance = kafka == null ? "" : instance(kafka, plan.port());
    batches =
        batches(
            plan,
            kafka == null
                ? queue(pipeline, parser)
                : KafkaBatchQueue.start(kafka, instance, plan.security().gatekeeper()));
    HttpFront.Parts parts = parts(plan, pipeline, parser);
    front = HttpFront.start(plan.host(), plan.port(), plan.adminPort(), plan.maxBody(), parts);
    batches.resume();
    intake = kafka == null ? null : KafkaIntake.start(kafka, intake(parts, instance));
    loader.start();
    discovery = new Discovery(plan.groups(), registry, loader);
    discovery.start();
  }

  private QualityAudit audit(ServerPlan plan) {
    return new QualityAudit(
        plan.audit(),
        plan.yardsticks(),
        registry::slots,
        core.policy(),
        core.meters().audits(),
        core.clock(),
        () -> ThreadLocalRandom.current().nextDouble());
  }

  private Batches batches(ServerPlan plan, BatchQueue queue) throws IOException {
    Path keys = plan.batchKeys();
    InstantSource time = InstantSource.system();
    return keys == null
        ? new Batches(plan.batches(), queue, time, core.meters().batches())
        : Batches.sealed(plan.batches(), keys, queue, time, core.meters().batches());
  }

  /** A name that is the same after a restart. */
  private static String instance(KafkaConfig kafka, int port) throws IOException {
    String named = kafka.instance();
    if (named != null) {
      return named;
    }
    // Nothing else tells gateways on free ports apart.
    String last = port == 0 ? "p" + ProcessHandle.current().pid() : Integer.toString(port);
    return InetAddress.getLocalHost().getHostName() + "-" + last;
  }

  private KafkaIntake.Parts intake(HttpFront.Parts parts, String instance) {
    return new KafkaIntake.Parts(
        parts.line(),
        parts.parser(),
        parts.security(),
        new Places(admission, core.signals()::snapshot),
        core.meters().kafka(),
        core.clock(),
        parts.time(),
        instance);
  }

  /** What it is told comes after the fact, on threads of telemetry's. */
  private Console console(ServerPlan plan) {
    List<String> open = Exposure.of(plan.security(), plan.host());
    open.forEach(door -> LOG.log(Level.WARNING, "event=open_without_key what=\"" + door + "\""));
    Console shown =
        new Console(
            new Console.Sources(
                registry,
                plan.classes().all(),
                core.policy(),
                core.rules(),
                core.shadows(),
                core.signals()::counters,
                admission::inFlight,
                admission::queued,
                admission::expectedWait,
                leaving::hasBegun,
                core.clock(),
                InstantSource.system(),
                !plan.security().gatekeeper().trustsAddresses(),
                open));
    core.decided().listen(shown::decided);
    core.signals().onStep(shown::stepped);
    core.signals()
        .onFinished(timeline -> {
          String id = timeline.decisionId();
          DecisionRecord made = id == null ? null : core.decisions().find(id);
          if (made != null) {
            shown.ended(made);
          } else if (timeline.outcome() == Outcome.REFUSED
              && (timeline.code() == TOO_MANY || timeline.code() >= SERVER_ERROR)) {
            shown.turnedAway(timeline.serviceClass(), timeline.code());
          }
        });
    return shown;
  }

  private RequestPipeline pipeline(ServerPlan plan) {
    var prefixes = new PrefixRecord();
    var gearing =
        new Gearing(core.policy(), core.signals()::snapshot, registry.catalog(), prefixes);
    var dispatcher = new Dispatcher(Watchdog.DEFAULT, prefixes);
    var budget = new RetryBudget(core.clock());
    return new RequestPipeline(
        request -> passage(plan, request),
        new ReadyEngines(registry, LOADING, STREAM_LOADING),
        encoders,
        gearing,
        new Attempts(
            gearing,
            dispatcher,
            budget,
            new Rescues(gearing, dispatcher, budget, encoders.scheduler(), core.clock()),
            plan.cares()),
        audit);
  }

  private LineQueue queue(RequestPipeline pipeline, RequestParser parser) {
    return new LineQueue(
        pipeline,
        parser,
        new Places(admission, core.signals()::snapshot),
        core.clock(),
        InstantSource.system(),
        ServiceClasses.BATCH);
  }

  private HttpFront.Parts parts(ServerPlan plan, RequestPipeline pipeline, RequestParser parser) {
    var decisions = new DecisionsJson(core.policy(), core.decisions(), core.records());
    return new HttpFront.Parts(
        pipeline,
        new Preview(pipeline.engines(), encoders, pipeline.gearing()),
        parser,
        plan.security(),
        registry,
        adapters,
        core.rules(),
        core.shadows(),
        audit,
        console,
        decisions,
        batches,
        core.meters().exposition(),
        plan.publicMetrics(),
        plan.settings(),
        leaving::hasBegun,
        leaving::refuses,
        this::drain,
        encoders.scheduler(),
        core.clock(),
        InstantSource.system());
  }

  private Passage passage(ServerPlan plan, InferenceRequest request) {
    plan.security().promptLog().see(request, encoders.scheduler());
    return new Passage(
        request,
        admission.ticket(request),
        core.clock(),
        core.signals(),
        core.meters().gateway(),
        core.traces()
            .begin(request.traceparent(), request.origin().queued(), request.kind().operation()),
        console.lanes());
  }

  /** The API's port. */
  public int port() {
    return front.port();
  }

  /** The port of metrics and administration. */
  public int adminPort() {
    return front.adminPort();
  }

  /** All there is at either port, for who tries every door. */
  List<HttpFront.Doors> doors() {
    return front.doors();
  }

  /** The engines at this moment. */
  public List<EngineSlot> engines() {
    return registry.slots();
  }

  /** Sequences that run or wait in an engine. */
  public int inFlight() {
    return admission.inFlight();
  }

  /** Requests that wait for a place. */
  public int queued() {
    return admission.queued();
  }

  /**
   * Says that it leaves, and takes nothing new soon after; {@code /health/ready} says so at once.
   * What runs goes on.
   */
  public void drain() {
    leaving.begin();
    console.leaving();
    batches.rest();
    if (intake != null) {
      intake.drain();
    }
  }

  /**
   * Leaves, and waits until everything that runs has ended or the time is over. While connections
   * are open, a moment without a request comes first: their next answers tell clients to go
   * elsewhere.
   *
   * @return whether everything ended
   */
  public boolean drain(Duration longest) throws InterruptedException {
    drain();
    long end = core.clock().getAsLong() + longest.toNanos();
    long lastBusy = core.clock().getAsLong();
    while (true) {
      long now = core.clock().getAsLong();
      boolean busy =
          admission.inFlight() + admission.queued() + (intake == null ? 0 : intake.busy()) > 0;
      boolean quiet = now - lastBusy >= QUIET.toNanos();
      if (!busy && (quiet || !front.hasConnections())) {
        return true;
      }
      if (hurried || closed.get() || now - end > 0) {
        return !busy;
      }
      lastBusy = busy ? now : lastBusy;
      Thread.sleep(DRAIN_POLL_MILLIS);
    }
  }

  /** Cuts the wait for running answers short: a drain that goes on gives up at once. */
  public void hurry() {
    hurried = true;
  }

  /** Ends what still runs with error events, and stops. Idempotent. */
  @Override
  public void close() {
    drain();
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    discovery.close();
    if (intake != null) {
      intake.close();
    }
    batches.close();
    loader.close();
    if (audit != null) {
      audit.close();
    }
    admission.close();
    registry.close();
    awaitEnds();
    front.close();
    console.close();
    encoders.close();
    opener.close();
    core.close();
    security.close();
    if (shared != null) {
      shared.close();
    }
  }

  /** Engines have failed what ran; gives the last events a moment to be written. */
  private void awaitEnds() {
    long end = core.clock().getAsLong() + Duration.ofSeconds(1).toNanos();
    try {
      while (admission.inFlight() > 0 && core.clock().getAsLong() < end) {
        Thread.sleep(DRAIN_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
