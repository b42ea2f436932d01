package dev.gearbox.gateway.console;

import dev.gearbox.gateway.console.Recent.End;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.records.RecordJson;
import dev.gearbox.gateway.rules.LiveRules;
import dev.gearbox.policy.decide.Actual;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.decide.Shadows;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.telemetry.meter.MetricNames;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.record.StepRecord;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import reactor.core.publisher.Flux;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the platform shows of itself: the door of this package. Thread-safe. */
public final class Console implements AutoCloseable {
  private static final Duration EVERY = Duration.ofMillis(500);

  /**
   * Where snapshots come from; all of it in memory.
   *
   * @param classes in the order of the configuration
   * @param counters of an engine, by its id
   * @param inFlight requests that hold permits
   * @param queued requests that wait for theirs
   * @param expectedWait seconds until those have theirs, as permits came back so far
   * @param draining whether the server is leaving
   * @param clock monotonic nanoseconds, those of signals
   * @param time of day
   * @param keyed whether each request shows a key
   * @param open doors that others get through without a key, each in a sentence
   */
  public record Sources(
      EngineRegistry registry,
      Collection<ServiceClass> classes,
      GearboxPolicy policy,
      LiveRules rules,
      Shadows shadows,
      Function<String, EngineCounters> counters,
      IntSupplier inFlight,
      IntSupplier queued,
      DoubleSupplier expectedWait,
      BooleanSupplier draining,
      LongSupplier clock,
      InstantSource time,
      boolean keyed,
      List<String> open) {}

  private final Sources from;
  private final Lanes lanes = new Lanes();
  private final Gears gears = new Gears();
  private final Recent recent = new Recent();
  private final Events events;
  private final Snapshot snapshot;
  private final Broadcast broadcast;

  /** Shows what {@code from} knows; engines are watched from here on. */
  public Console(Sources from) {
    this.from = from;
    events = new Events(from.time());
    from.registry().slots().forEach(events::changed);
    from.registry().listen(events);
    snapshot = new Snapshot(from, lanes, gears, recent, events);
    broadcast = new Broadcast(EVERY, snapshot::of);
  }

  /** The API listens on this port, which a page of the operator's asks for answers. */
  public void listening(int port) {
    snapshot.apiPort(port);
  }

  /** Where requests are while they are on their way. */
  public Lanes lanes() {
    return lanes;
  }

  /** A decision was made. */
  public void decided(DecisionRecord made) {
    gears.decided(made);
    recent.decided(made);
  }

  /** What became of a decision is in its record. */
  public void ended(DecisionRecord made) {
    gears.ended(made);
    Actual actual = made.actual();
    Boolean met = actual == null ? null : actual.met().get(MetricNames.ALL_TARGETS);
    if (actual != null && met != null) {
      boolean refused = made.decision() instanceof Decision.Refuse;
      recent.ended(
          made.request().serviceClass().name(),
          refused ? End.REFUSED : met ? End.MET : End.MISSED,
          made.time().plusMillis((long) (1000 * actual.total())));
    }
  }

  /**
   * A request was refused before any decision, for want of room as a rule.
   *
   * @param code HTTP status
   */
  public void turnedAway(String serviceClass, int code) {
    recent.ended(serviceClass, End.REFUSED, from.time().instant());
    events.turnedAway(serviceClass, code);
  }

  /** An engine of this machine made a step. */
  public void stepped(StepRecord step) {
    recent.stepped(step);
  }

  /** The server takes nothing new soon. */
  public void leaving() {
    events.leaving();
  }

  /**
   * Snapshots as JSON, the first at once. Fails where too many look already, and for a reader that
   * takes none for ten seconds.
   */
  public Flux<byte[]> stream(Audience audience) {
    return broadcast.to(audience);
  }

  /** The rules that decide, by name. */
  public byte[] rules() {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", from.rules().version());
    ArrayNode all = json.putArray("rules");
    from.rules()
        .rules()
        .forEach(rule ->
            all.addObject().put("name", rule.name()).put("description", rule.description()));
    return JsonMapper.shared().writeValueAsBytes(json);
  }

  /** A line for each of these decisions. */
  public byte[] rows(List<DecisionRecord> found) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode data = json.putArray("data");
    found.forEach(made -> Rows.decision(data.addObject(), made));
    return JsonMapper.shared().writeValueAsBytes(json);
  }

  /** A decision with its sentence. */
  public byte[] decision(DecisionRecord made) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("why", Why.chosen(made));
    json.put("record", made);
    return RecordJson.write(json);
  }

  @Override
  public void close() {
    broadcast.close();
  }
}
