package dev.gearbox.gateway.console;

import dev.gearbox.engine.Engine;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.ModelFamily;
import dev.gearbox.gateway.rules.ShadowJson;
import dev.gearbox.policy.decide.Shadow;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.ClassFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Everything that the console shows of this moment, as one JSON object; from memory alone. */
final class Snapshot {
  /** Requests on their way that are listed; of the others there is a number. */
  private static final int LANES = 40;

  private static final int ENDED = 20;
  private static final int SHIFTS = 30;

  private final Console.Sources from;
  private final Lanes lanes;
  private final Gears gears;
  private final Recent recent;
  private final Events events;
  private volatile int apiPort;

  Snapshot(Console.Sources from, Lanes lanes, Gears gears, Recent recent, Events events) {
    this.from = from;
    this.lanes = lanes;
    this.gears = gears;
    this.recent = recent;
    this.events = events;
  }

  void apiPort(int port) {
    apiPort = port;
  }

  byte[] of(Audience audience) {
    Instant now = from.time().instant();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    List<EngineSlot> slots = from.registry().slots();
    json.put("time", now.toString()).put("state", state(slots));
    json.put("admin", audience.tenant() == null).put("tenant", audience.tenant());
    json.put("api_port", apiPort).put("keyed", from.keyed());
    json.put("decisions", gears.decisions());
    ObjectNode admission = json.putObject("admission");
    admission.put("in_flight", from.inFlight().getAsInt()).put("queued", from.queued().getAsInt());
    admission.put("wait", from.expectedWait().getAsDouble());
    if (audience.runsIt()) {
      ArrayNode open = json.putArray("open");
      from.open().forEach(open::add);
    }
    models(json, slots, now);
    classes(json.putArray("classes"), audience, now);
    Map<String, Gears.Promise> promises =
        gears.promises(slots.stream().map(EngineSlot::id).collect(Collectors.toSet()));
    ArrayNode pools = json.putArray("pools");
    Map<String, Double> busy = recent.busy(from.clock().getAsLong());
    slots.forEach(slot -> {
      ObjectNode one = pools.addObject();
      engine(one, slot, promises.get(slot.id()), now);
      one.put("busy", busy.get(slot.id()));
    });
    lanes(json, audience);
    ArrayNode ended = json.putArray("ended");
    gears.ended().stream()
        .filter(audience::sees)
        .limit(ENDED)
        .forEach(made -> Rows.decision(ended.addObject(), made));
    ArrayNode shifts = json.putArray("shifts");
    gears.shifts().stream()
        .limit(SHIFTS)
        .forEach(shift -> shift(shifts.addObject(), shift, audience));
    ArrayNode happened = json.putArray("events");
    events
        .latest()
        .forEach(event ->
            happened.addObject().put("time", event.time().toString()).put("what", event.what()));
    policy(json.putObject("policy"), audience);
    return JsonMapper.shared().writeValueAsBytes(json);
  }

  private String state(List<EngineSlot> slots) {
    if (from.draining().getAsBoolean()) {
      return "draining";
    }
    if (slots.stream().anyMatch(EngineSlot::usable)) {
      return "ready";
    }
    return slots.stream().anyMatch(EngineSlot::coming) ? "loading" : "failed";
  }

  private void models(ObjectNode json, List<EngineSlot> slots, Instant now) {
    ArrayNode models = json.putArray("models");
    for (ModelFamily family : from.registry().catalog().families()) {
      ObjectNode model = models.addObject().put("name", family.name());
      ArrayNode variants = model.putArray("variants");
      family.variants().forEach(variants::add);
      ObjectNode shares = model.putObject("shares");
      recent.shares(family.name(), now).forEach(shares::put);
    }
    // First gear is the least; what was never measured comes before.
    ArrayNode variants = json.putArray("variants");
    HashSet<String> named = new HashSet<>();
    slots.stream()
        .sorted(Comparator.comparingDouble(Snapshot::quality))
        .filter(slot -> named.add(slot.variant().name()))
        .forEach(slot -> {
          ObjectNode one = variants.addObject().put("name", slot.variant().name());
          one.put("quality", slot.variant().quality()).put("bytes", slot.variant().bytes());
          ArrayNode techniques = one.putArray("techniques");
          slot.variant().techniques().stream().sorted().forEach(techniques::add);
        });
  }

  private static double quality(EngineSlot slot) {
    Double quality = slot.variant().quality();
    return quality == null ? -1 : quality;
  }

  private void classes(ArrayNode json, Audience audience, Instant now) {
    Map<String, List<Gears.Gear>> all =
        gears.gears(now).stream().collect(Collectors.groupingBy(gear -> gear.key().serviceClass()));
    for (ServiceClass each : from.classes()) {
      ClassFacts standing = from.policy().standing(each);
      ObjectNode one = json.addObject().put("name", each.name());
      one.put("priority", each.priority());
      one.put("lane", each.lane().name().toLowerCase(Locale.ROOT));
      one.put("objective", each.attainment()).put("window", each.window().toSeconds());
      one.put("budget", standing.budget());
      one.put("attained", 1 - (1 - standing.budget()) * (1 - each.attainment()));
      one.put("burn_5m", standing.burn5m()).put("burn_1h", standing.burn1h());
      one.put("burn_6h", standing.burn6h());
      one.put("requests_5m", standing.requests5m()).put("requests_1h", standing.requests1h());
      Rows.targets(one.putObject("targets"), each.targets());
      history(one.putObject("history"), each, now);
      ArrayNode inGear = one.putArray("gears");
      all.getOrDefault(each.name(), List.of())
          .forEach(gear -> gear(inGear.addObject(), gear, audience));
    }
  }

  /** What became of a class's requests, in slots of time; the last one is not over. */
  private void history(ObjectNode json, ServiceClass each, Instant now) {
    json.put("slot", Recent.SLOT.toSeconds()).put("slots", Recent.ENDS);
    recent
        .ends(each.name(), now)
        .forEach((end, counts) -> {
          ArrayNode told = json.putArray(end);
          for (long count : counts) {
            told.add(count);
          }
        });
  }

  private static void gear(ObjectNode json, Gears.Gear gear, Audience audience) {
    json.put("model", gear.key().model()).put("gear", gear.gear());
    json.put("since", gear.since().toString());
    ArrayNode ribbon = json.putArray("ribbon");
    gear.ribbon().forEach(ribbon::add);
    Gears.Shift shift = gear.shift();
    if (shift != null) {
      shift(json.putObject("shift"), shift, audience);
    }
  }

  private static void shift(ObjectNode json, Gears.Shift shift, Audience audience) {
    json.put("time", shift.time().toString()).put("class", shift.key().serviceClass());
    json.put("model", shift.key().model()).put("from", shift.from()).put("to", shift.to());
    json.put("why", shift.why());
    if (audience.sees(shift.cause())) {
      json.put("id", shift.cause().id());
    }
  }

  private void engine(
      ObjectNode json, EngineSlot slot, Gears.@Nullable Promise promise, Instant now) {
    json.put("engine", slot.id()).put("pool", slot.pool()).put("variant", slot.variant().name());
    json.put("device", slot.device()).put("bytes", slot.variant().bytes());
    Engine engine = slot.engine();
    EngineSignal signal = engine == null ? null : engine.signal();
    EngineSignal.State state = signal == null ? slot.state() : signal.state();
    json.put("state", state.name().toLowerCase(Locale.ROOT)).put("progress", slot.progress());
    json.put("reason", slot.reason());
    ArrayNode states = json.putArray("states");
    for (Events.Since each : events.states(slot.id())) {
      states
          .addObject()
          .put("state", each.state().name().toLowerCase(Locale.ROOT))
          .put("since", each.time().toString());
    }
    json.put("price", from.policy().price(slot.device()));
    if (signal != null) {
      json.put("running", signal.running()).put("waiting", signal.waiting());
      json.put("max_sequences", signal.maxSequences());
      json.put("pending_prefill_tokens", signal.pendingPrefillTokens());
      json.put("kv", signal.kvUsage()).put("kv_blocks", signal.kvBlocksTotal());
      json.put("age", (from.clock().getAsLong() - signal.heardNanos()) / 1e9);
    }
    EngineCounters done = from.counters().apply(slot.id());
    json.put("prompt_tokens", done.promptTokens()).put("generated_tokens", done.generatedTokens());
    json.put("prefix_tokens", done.prefixQueryTokens()).put("hit_tokens", done.prefixHitTokens());
    if (promise != null) {
      CandidateFacts facts = promise.row().facts();
      ObjectNode one = json.putObject("promise");
      one.put("ttft", facts.forecast().ttftP50()).put("high_ttft", facts.forecast().ttftHigh());
      one.put("tpot", facts.forecast().tpotP50());
      one.put("conservative", facts.forecast().conservative());
      one.put("age", (now.toEpochMilli() - promise.time().toEpochMilli()) / 1e3);
      one.put("inside", promise.inside()).put("of", promise.covered());
      one.put("objective", promise.objective());
    }
  }

  private void lanes(ObjectNode json, Audience audience) {
    ArrayNode listed = json.putArray("lanes");
    List<LiveRequest> mine =
        lanes.look().stream()
            .filter(live -> audience.sees(live.request().caller().tenant()))
            .sorted(Comparator.comparingDouble(LiveRequest::age).reversed())
            .toList();
    Map<String, Engine.Prefill> prefills = from.registry().prefills();
    for (LiveRequest live : mine.subList(0, Math.min(LANES, mine.size()))) {
      Rows.live(listed.addObject(), live, prefills.get(live.request().id()));
    }
    json.put("lanes_more", Math.max(0, mine.size() - LANES));
    ObjectNode phases = json.putObject("phases");
    Map<LiveRequest.Phase, Integer> counts = new HashMap<>();
    mine.forEach(live -> counts.merge(live.phase(), 1, Integer::sum));
    for (LiveRequest.Phase phase : LiveRequest.Phase.values()) {
      phases.put(phase.name().toLowerCase(Locale.ROOT), counts.getOrDefault(phase, 0));
    }
  }

  private void policy(ObjectNode json, Audience audience) {
    json.put("version", from.rules().version());
    ObjectNode fired = json.putObject("fired");
    gears
        .rules()
        .forEach((rule, times) ->
            fired.putObject(rule).put("count", times.count()).put("last", times.last().toString()));
    from.rules()
        .last()
        .ifPresent(change -> {
          ObjectNode last = json.putObject("last_change");
          last.put("time", change.time().toString()).put("origin", change.origin());
          last.put("succeeded", change.succeeded());
          if (audience.tenant() == null) {
            last.put(
                "problem", change.succeeded() ? null : change.problems().getFirst().toString());
          }
        });
    Recent.Fallback fallback = recent.fallback();
    if (fallback != null) {
      json.putObject("fallback").put("time", fallback.time().toString()).put("why", fallback.why());
    }
    ArrayNode shadows = json.putArray("shadows");
    for (Shadow each : from.shadows().all()) {
      ShadowJson.put(shadows.addObject().put("name", each.name()), each);
    }
  }
}
