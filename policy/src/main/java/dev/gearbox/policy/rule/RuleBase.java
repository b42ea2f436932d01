package dev.gearbox.policy.rule;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.kie.api.KieBase;
import org.kie.api.definition.KiePackage;
import org.kie.api.definition.rule.Rule;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.KieSessionsPool;

/**
 * A compiled, immutable rule base on pooled Drools sessions. Compiling another one leaves this one
 * as it is, so a reload that fails changes nothing.
 */
public final class RuleBase implements Rules {
  private static final String GLOBAL = "ruling";
  private static final String DESCRIPTION = "org.kie.api.definition.type.Description";
  private static final int POOLED = 4;
  private static final Duration REHEARSAL = Duration.ofSeconds(20);
  private static final System.Logger LOG = System.getLogger(RuleBase.class.getName());

  private final List<RuleSource> sources;
  private final String version;
  private final KieSessionsPool pool;
  private final boolean declaresRuling;
  private final Map<String, RuleInfo> rules = new TreeMap<>();
  private final RuleLimits limits;
  private final LongSupplier clock;

  private RuleBase(List<RuleSource> sources, KieBase base, RuleLimits limits, LongSupplier clock) {
    this.sources = List.copyOf(sources);
    this.version = RuleCompiler.version(sources);
    this.declaresRuling = declaresRuling(base);
    this.pool = base.newKieSessionsPool(POOLED);
    this.limits = limits;
    this.clock = clock;
    for (KiePackage each : base.getKiePackages()) {
      for (Rule rule : each.getRules()) {
        rules.put(rule.getName(), new RuleInfo(rule.getName(), description(rule)));
      }
    }
  }

  /** Compiles with default limits. */
  public static RuleBase compile(List<RuleSource> sources) throws RuleException {
    return compile(sources, RuleLimits.DEFAULT, System::nanoTime);
  }

  /**
   * Compiles rule texts; takes a second or two.
   *
   * @param sources rule files in their order
   * @param limits for every decision
   * @param clock monotonic nanoseconds, for the time limit
   * @throws RuleException when a text does not compile, with every problem's file and line, or a
   *     rule does not come back
   */
  public static RuleBase compile(List<RuleSource> sources, RuleLimits limits, LongSupplier clock)
      throws RuleException {
    if (sources.isEmpty()) {
      throw new IllegalArgumentException("a rule base needs at least one rule file");
    }
    RuleBase compiled = new RuleBase(sources, RuleCompiler.compile(sources), limits, clock);
    compiled.rehearse();
    return compiled;
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public List<RuleSource> sources() {
    return sources;
  }

  @Override
  public List<RuleInfo> rules() {
    return List.copyOf(rules.values());
  }

  @Override
  public Ruled apply(RequestFacts request, List<CandidateFacts> candidates) {
    // Fixed order in, fixed order of firings out: a record must replay to itself.
    List<CandidateFacts> ordered = new ArrayList<>(candidates);
    ordered.sort(Comparator.comparing(CandidateFacts::engine));
    Ruling ruling = new Ruling(request, ordered);
    Watch watch = new Watch(ruling, rules, clock, limits.time(), rule -> {});
    try {
      int fired = fire(ruling, watch, limits.firings(), request, ordered);
      if (watch.late()) {
        return conservative(request, candidates, "rules took longer than " + limits.time());
      }
      if (fired >= limits.firings()) {
        return conservative(request, candidates, "rules fired " + fired + " times");
      }
      ruling.settle();
      ConservativeRules.hold(ruling, request, candidates);
      return ruling.ruled();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "event=rule_failed version=" + version, e);
      return conservative(request, candidates, "a rule failed: " + rootMessage(e));
    }
  }

  private int fire(
      Ruling ruling, Watch watch, int most, RequestFacts request, List<CandidateFacts> candidates) {
    KieSession session = pool.newKieSession();
    try {
      if (declaresRuling) {
        session.setGlobal(GLOBAL, ruling);
      }
      session.addEventListener(watch);
      session.insert(request);
      session.insert(request.serviceClass());
      session.insert(request.classFacts());
      for (CandidateFacts candidate : candidates) {
        session.insert(candidate);
      }
      return session.fireAllRules(most);
    } finally {
      session.removeEventListener(watch);
      session.dispose();
    }
  }

  /** On a thread of its own, as a rule that never comes back would keep the caller forever. */
  private void rehearse() throws RuleException {
    AtomicReference<String> speaking = new AtomicReference<>("");
    Thread stage =
        Thread.ofPlatform().daemon().name("gearbox-rehearsal").start(() -> play(speaking));
    try {
      if (!stage.join(REHEARSAL)) {
        stage.interrupt();
        throw new RuleException(
            List.of(
                new RuleException.Problem(
                    "rules",
                    0,
                    "rule '%s' has not come back within %d s"
                        .formatted(speaking.get(), REHEARSAL.toSeconds()))));
      }
    } catch (InterruptedException e) {
      stage.interrupt();
      Thread.currentThread().interrupt();
    }
  }

  private void play(AtomicReference<String> speaking) {
    for (int i = 0; i < Rehearsal.ROUNDS; i++) {
      Ruling ruling = new Ruling(Rehearsal.REQUEST, Rehearsal.CANDIDATES);
      Watch patient = new Watch(ruling, rules, () -> 0, limits.time(), speaking::set);
      try {
        fire(ruling, patient, Rehearsal.FIRINGS, Rehearsal.REQUEST, Rehearsal.CANDIDATES);
      } catch (RuntimeException e) {
        // Made-up facts prove nothing: a rule that fails on real ones is reported then.
        LOG.log(System.Logger.Level.DEBUG, "event=rehearsal_failed version=" + version, e);
        return;
      }
    }
  }

  private static Ruled conservative(
      RequestFacts request, List<CandidateFacts> candidates, String why) {
    return ConservativeRules.INSTANCE.apply(request, candidates).withFallback(why);
  }

  /** Rule files that never speak need not declare the global, and Drools refuses unknown ones. */
  private static boolean declaresRuling(KieBase base) {
    for (KiePackage each : base.getKiePackages()) {
      if (each.getGlobalVariables().stream().anyMatch(global -> global.getName().equals(GLOBAL))) {
        return true;
      }
    }
    return false;
  }

  private static String description(Rule rule) {
    Object text = rule.getMetaData().get(DESCRIPTION);
    return text == null ? rule.getName() : text.toString();
  }

  private static String rootMessage(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
