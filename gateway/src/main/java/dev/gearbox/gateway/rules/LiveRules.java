package dev.gearbox.gateway.rules;

import dev.gearbox.gateway.watch.FileWatch;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.decide.Shadows;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleException.Problem;
import dev.gearbox.policy.rule.RuleFiles;
import dev.gearbox.policy.rule.RuleInfo;
import dev.gearbox.policy.rule.RuleSource;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rules that decide. A change is compiled and rehearsed on one thread, so changes come one
 * after the other; decisions meanwhile go by the rules at hand, and each decision by one version
 * from its beginning to its end. Thread-safe.
 */
public final class LiveRules implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LiveRules.class.getName());
  private static final int CHANGES_WAITING = 4;

  /** Name of the shadow that goes by other rules. */
  public static final String SHADOW = "rules";

  private final GearboxPolicy policy;
  private final Shadows shadows;
  private final InstantSource time;
  private final Consumer<Boolean> failing;
  private final ThreadPoolExecutor compiler =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(CHANGES_WAITING),
          Thread.ofPlatform().daemon().name("gearbox-rules").factory());
  private final FileWatch watch = new FileWatch();
  private final List<Consumer<RuleChange>> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable RuleChange last;

  /**
   * Rules that stay as they are until something changes them.
   *
   * @param shadows where rules are tried beside those that decide
   * @param failing told whether the latest attempt to change them failed
   */
  public LiveRules(
      GearboxPolicy policy, Shadows shadows, InstantSource time, Consumer<Boolean> failing) {
    this.policy = policy;
    this.shadows = shadows;
    this.time = time;
    this.failing = failing;
    failing.accept(false);
  }

  /** Tells of each attempt to change the rules, on the thread that made it. */
  public void onChange(Consumer<RuleChange> listener) {
    listeners.add(listener);
  }

  /** Compiles these files in the background and takes them. */
  public void load(RuleFiles files) {
    compiler.execute(() -> reload(files, policy::update));
  }

  /** Takes these files again whenever one of them changes, comes or goes. */
  public void watch(RuleFiles files) {
    watch.watch(files::fingerprint, () -> load(files));
  }

  /**
   * Compiles these texts aside and takes them in place of all rules at hand.
   *
   * @return how that ended; fails with {@link RejectedExecutionException} when several changes wait
   */
  public CompletableFuture<RuleChange> replace(List<RuleSource> texts) {
    return run(() -> compile("admin", texts, policy::update));
  }

  /** Compiles and rehearses these texts, and takes them nowhere. */
  public CompletableFuture<RuleChange> check(List<RuleSource> texts) {
    return run(() -> {
      try {
        String checked = RuleBase.compile(texts).version();
        return new RuleChange(time.instant(), "check", checked, List.of());
      } catch (RuleException e) {
        return new RuleChange(time.instant(), "check", version(), e.problems());
      } catch (RuntimeException e) {
        return new RuleChange(time.instant(), "check", version(), unknown(e));
      }
    });
  }

  private <T> CompletableFuture<T> run(Supplier<T> change) {
    try {
      return CompletableFuture.supplyAsync(change, compiler);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Compiles these files in the background and lets them decide beside the rules at hand. */
  public void loadShadow(RuleFiles files) {
    compiler.execute(() -> reload(files, this::takeShadow));
  }

  /** Compiles these texts aside and lets them decide beside the rules at hand, serving nobody. */
  public CompletableFuture<RuleChange> shadow(List<RuleSource> texts) {
    return run(() -> compile("shadow", texts, this::takeShadow));
  }

  /** Lets the rules of the shadow decide; empty when there is none. */
  public CompletableFuture<Optional<RuleChange>> promote() {
    return run(() ->
        shadows
            .find(SHADOW)
            .map(shadow -> {
              policy.update(shadow.rules());
              shadows.stop(SHADOW);
              return changed(
                  new RuleChange(time.instant(), "shadow", shadow.rules().version(), List.of()));
            }));
  }

  /** Version of the rules that decide. */
  public String version() {
    return policy.rules().version();
  }

  /** The rules that decide, by name. */
  public List<RuleInfo> rules() {
    return policy.rules().rules();
  }

  /** The texts of the rules that decide. */
  public List<RuleSource> sources() {
    return policy.rules().sources();
  }

  /** How the latest attempt to change the rules ended. */
  public Optional<RuleChange> last() {
    return Optional.ofNullable(last);
  }

  private void takeShadow(RuleBase compiled) {
    shadows.start(policy.shadow(SHADOW, compiled));
  }

  private void reload(RuleFiles files, Consumer<RuleBase> take) {
    try {
      compile("files", files.read(), take);
    } catch (NoSuchFileException e) {
      failed("files", List.of(new Problem(e.getFile(), 0, "there is no such file")));
    } catch (IOException | IllegalArgumentException e) {
      failed("files", List.of(new Problem("rules", 0, String.valueOf(e.getMessage()))));
    }
  }

  private RuleChange compile(String origin, List<RuleSource> texts, Consumer<RuleBase> take) {
    try {
      RuleBase compiled = RuleBase.compile(texts);
      take.accept(compiled);
      return changed(new RuleChange(time.instant(), origin, compiled.version(), List.of()));
    } catch (RuleException e) {
      return failed(origin, e.problems());
    } catch (RuntimeException e) {
      return failed(origin, unknown(e));
    }
  }

  /** Drools throws what it likes on texts that are broken in a way it does not know. */
  private static List<Problem> unknown(RuntimeException e) {
    return List.of(new Problem("rules", 0, String.valueOf(e.getMessage())));
  }

  private RuleChange failed(String origin, List<Problem> problems) {
    return changed(new RuleChange(time.instant(), origin, version(), problems));
  }

  private RuleChange changed(RuleChange change) {
    last = change;
    listeners.forEach(listener -> listener.accept(change));
    failing.accept(!change.succeeded());
    if (change.succeeded()) {
      LOG.log(
          System.Logger.Level.INFO,
          "event=rules_changed origin=%s version=%s".formatted(change.origin(), change.version()));
    } else {
      change
          .problems()
          .forEach(problem ->
              LOG.log(
                  System.Logger.Level.WARNING,
                  "event=rules_kept origin=%s version=%s problem=\"%s\""
                      .formatted(change.origin(), change.version(), problem)));
    }
    return change;
  }

  @Override
  public void close() {
    watch.close();
    compiler.shutdownNow();
  }
}
