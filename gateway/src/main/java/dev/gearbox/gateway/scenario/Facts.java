package dev.gearbox.gateway.scenario;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.decide.Trial;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.ClassFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a scenario says, and defaults for what it does not, as facts. */
final class Facts {
  private static final int PROMPT = 100;
  private static final int ANSWER = 256;
  private static final int CONTEXT = 4096;
  private static final int EXPECTED = 64;
  private static final int BATCH = 8;
  private static final Set<String> STANDING =
      Set.of(
          "burn-1m",
          "burn-5m",
          "burn-30m",
          "burn-1h",
          "burn-6h",
          "late-burn-1m",
          "late-burn-5m",
          "late-burn-1h",
          "budget",
          "requests-5m",
          "requests-1h");

  private Facts() {}

  static Trial trial(
      Scenario.@Nullable Request written,
      List<Scenario.Engine> engines,
      Map<String, ServiceClass> classes) {
    Scenario.Request request =
        written != null
            ? written
            : new Scenario.Request(null, null, null, null, null, null, null, null, null, null);
    ServiceClass serviceClass = serviceClass(request, classes);
    Set<Feature> needs = Set.copyOf(or(request.needs(), List.of(Feature.CHAT)));
    int prompt = or(request.promptTokens(), PROMPT);
    List<CandidateFacts> candidates = new ArrayList<>();
    Map<String, Integer> prompts = new HashMap<>();
    for (Scenario.Engine engine : engines) {
      CandidateFacts facts = candidate(engine, needs, prompt);
      candidates.add(facts);
      prompts.put(facts.variant(), facts.promptTokens());
    }
    return new Trial(
        new RequestFacts(
            "scenario",
            or(request.model(), "auto"),
            serviceClass,
            or(request.tenant(), "local"),
            targets(request.targets()).or(serviceClass.targets()),
            prompts,
            or(request.maxTokens(), ANSWER),
            or(request.streaming(), false),
            needs,
            0,
            standing(serviceClass, or(request.standing(), Map.of()))),
        candidates,
        0,
        1);
  }

  private static ServiceClass serviceClass(
      Scenario.Request request, Map<String, ServiceClass> classes) {
    String name = or(request.serviceClass(), "standard");
    ServiceClass known = classes.get(name);
    if (known == null) {
      throw new IllegalArgumentException(
          "given.request.class: no class '%s'; there is %s"
              .formatted(name, String.join(", ", new TreeSet<>(classes.keySet()))));
    }
    Integer priority = request.priority();
    return priority == null
        ? known
        : new ServiceClass(
            known.name(),
            known.targets(),
            known.attainment(),
            known.window(),
            priority,
            known.lane(),
            known.weights());
  }

  private static Targets targets(Scenario.@Nullable Asked asked) {
    return asked == null
        ? Targets.NONE
        : new Targets(
            asked.ttft(),
            asked.tpot(),
            asked.deadline(),
            asked.throughput(),
            asked.quality(),
            asked.cost());
  }

  private static ClassFacts standing(ServiceClass serviceClass, Map<String, Double> said) {
    for (String key : said.keySet()) {
      if (!STANDING.contains(key)) {
        throw new IllegalArgumentException(
            "given.request.standing: no '%s'; there is %s"
                .formatted(key, String.join(", ", new TreeSet<>(STANDING))));
      }
    }
    return new ClassFacts(
        serviceClass.name(),
        serviceClass.attainment(),
        said.getOrDefault("burn-1m", 0.0),
        said.getOrDefault("burn-5m", 0.0),
        said.getOrDefault("burn-30m", 0.0),
        said.getOrDefault("burn-1h", 0.0),
        said.getOrDefault("burn-6h", 0.0),
        said.getOrDefault("late-burn-1m", 0.0),
        said.getOrDefault("late-burn-5m", 0.0),
        said.getOrDefault("late-burn-1h", 0.0),
        said.getOrDefault("budget", 1.0),
        said.getOrDefault("requests-5m", 0.0).longValue(),
        said.getOrDefault("requests-1h", 0.0).longValue());
  }

  private static CandidateFacts candidate(Scenario.Engine said, Set<Feature> needs, int prompt) {
    if (said.engine() == null) {
      throw new IllegalArgumentException("given.candidates: each needs 'engine', POOL/VARIANT");
    }
    int slash = said.engine().indexOf('/');
    int expected = or(said.expectedTokens(), EXPECTED);
    double ttft = seconds(said.ttft(), 0.1);
    double tpot = seconds(said.tpot(), 0.02);
    double total = ttft + tpot * Math.max(0, expected - 1);
    double meets = or(said.meets(), 1.0);
    return new CandidateFacts(
        said.engine(),
        or(said.variant(), said.engine().substring(slash + 1)),
        or(said.pool(), slash < 0 ? "cpu" : said.engine().substring(0, slash)),
        or(said.device(), "cpu"),
        or(said.state(), State.READY),
        seconds(said.signalAge(), 0),
        said.quality(),
        Set.copyOf(or(said.techniques(), List.of())),
        said.features() == null ? needs : Set.copyOf(said.features()),
        or(said.maxContext(), CONTEXT),
        or(said.promptTokens(), prompt),
        or(said.cachedTokens(), 0),
        expected,
        or(said.running(), 0),
        or(said.waiting(), 0),
        or(said.maxSequences(), BATCH),
        or(said.kvUsage(), 0.0),
        or(said.cost(), 0.0),
        or(said.open(), false),
        new Forecast(
            ttft,
            tpot,
            total,
            ttft,
            ttft,
            tpot,
            tpot,
            meets,
            meets,
            or(said.meetsIfUnknown(), meets),
            seconds(said.work(), total),
            meets,
            0,
            0,
            0,
            1,
            false),
        or(said.damage(), 0.0),
        or(said.price(), 0.0),
        said.revoked());
  }

  private static double seconds(@Nullable Duration said, double otherwise) {
    return said == null ? otherwise : said.toNanos() / 1e9;
  }

  private static <T> T or(@Nullable T said, T otherwise) {
    return said == null ? otherwise : said;
  }

  /** Classes by name; those of a configuration. */
  static Map<String, ServiceClass> byName(List<ServiceClass> classes) {
    Map<String, ServiceClass> byName = new HashMap<>();
    classes.forEach(each -> byName.put(each.name(), each));
    byName.putIfAbsent(
        "standard",
        new ServiceClass(
            "standard",
            Targets.NONE,
            0.95,
            Duration.ofDays(30),
            0,
            Lane.INTERACTIVE,
            ServiceClass.Weights.DEFAULT));
    return byName;
  }
}
