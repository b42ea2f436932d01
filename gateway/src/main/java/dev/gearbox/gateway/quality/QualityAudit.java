package dev.gearbox.gateway.quality;

import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.config.PolicyConfig;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.quality.Answered.Case;
import dev.gearbox.gateway.quality.Reader.UnreadException;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.Revoked;
import dev.gearbox.telemetry.meter.AuditMeters;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * Measures what answers are worth without a judge: of some that another variant than the reference
 * gave, both read prompt and answer once more, and the difference of their log-probabilities over
 * the bytes of the answer is the gap. Engines read in steps that nobody else wants; what finds no
 * such step within a minute is dropped. Thread-safe.
 *
 * <pre>
 *   gap = [ln p(answer | prompt; variant) − ln p(answer | prompt; reference)] / bytes of the answer
 * </pre>
 *
 * Where the answer was drawn from the variant's own distribution (temperature 1 and nothing else),
 * the mean gap estimates the Kullback-Leibler divergence of the variant from the reference; of
 * other answers it says how the two differ on what was served.
 */
public final class QualityAudit implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(QualityAudit.class.getName());

  /** An answer that no engine had time for so long is given up. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Answers that wait; their texts are in memory. */
  private static final int WAITING = 16;

  private final PolicyConfig.Audit config;
  private final Supplier<List<EngineSlot>> engines;
  private final GearboxPolicy policy;
  private final LongSupplier clock;
  private final AuditMeters meters;
  private final DoubleSupplier random;
  private final Map<String, Gaps> gaps = new TreeMap<>();
  private final ExecutorService worker =
      new ThreadPoolExecutor(
          1,
          1,
          1,
          TimeUnit.MINUTES,
          new ArrayBlockingQueue<>(WAITING),
          Thread.ofPlatform().daemon().name("gearbox-audit").factory());

  /**
   * An audit of these variants.
   *
   * @param yardsticks what each variant is held against, by its name
   * @param engines those that there are when it is asked
   * @param policy told which variants answer no more
   * @param random draws of 0 to 1
   */
  public QualityAudit(
      PolicyConfig.Audit config,
      Map<String, Yardstick> yardsticks,
      Supplier<List<EngineSlot>> engines,
      GearboxPolicy policy,
      AuditMeters meters,
      LongSupplier clock,
      DoubleSupplier random) {
    this.config = config;
    this.engines = engines;
    this.policy = policy;
    this.meters = meters;
    this.clock = clock;
    this.random = random;
    yardsticks.forEach((variant, yardstick) -> {
      if (!variant.equals(yardstick.reference())) {
        gaps.put(variant, new Gaps(variant, yardstick, config.tolerance(), meters));
      }
    });
  }

  /** The events of an answer by this variant, which is audited afterwards where it is picked. */
  public Flux<LineEvent> watch(InferenceRequest request, String variant, Flux<LineEvent> answer) {
    if (!gaps.containsKey(variant)
        || request.sequences() != 1
        || !isText(request.prompts().getFirst())
        || random.getAsDouble() >= config.sample()) {
      return answer;
    }
    return Flux.defer(() -> {
      Answered answered = new Answered(request);
      return answer.doOnNext(answered::saw).doOnComplete(() -> offer(answered));
    });
  }

  /** Token ids mean something else to other variants, and a begun answer has no beginning. */
  private static boolean isText(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text ignored -> true;
      case Prompt.Chat ignored -> true;
      case Prompt.Tokens ignored -> false;
      case Prompt.Begun ignored -> false;
    };
  }

  private void offer(Answered answered) {
    Case answer = answered.toAudit(clock.getAsLong() + PATIENCE.toNanos());
    // Another variant than was decided may have answered in the end.
    Gaps of = answer == null ? null : gaps.get(answer.variant());
    if (answer == null || of == null) {
      return;
    }
    try {
      worker.execute(() -> audit(answer, of));
    } catch (RejectedExecutionException e) {
      meters.dropped(answer.variant(), "queue");
    }
  }

  private void audit(Case answer, Gaps of) {
    EngineSlot served = find(slot -> slot.id().equals(answer.engine()));
    EngineSlot reference = find(slot -> slot.variant().name().equals(of.yardstick().reference()));
    if (served == null || reference == null) {
      meters.dropped(answer.variant(), "absent");
      return;
    }
    try {
      boolean sameTokens = served.encoder().equals(reference.encoder());
      TokenIds tokens = sameTokens ? answer.tokens() : TokenIds.EMPTY;
      double byReference = Reader.logProbability(reference, answer, tokens);
      double byVariant = Reader.logProbability(served, answer, answer.tokens());
      int bytes = answer.text().getBytes(StandardCharsets.UTF_8).length;
      found(answer.variant(), of.add(byVariant - byReference, bytes, answer.unbent()), of);
    } catch (UnreadException e) {
      meters.dropped(answer.variant(), e.why.name().toLowerCase(Locale.ROOT));
    } catch (RuntimeException e) {
      if (worker.isShutdown()) {
        return;
      }
      // Of what kind it is, and no more: a message may quote the text.
      meters.dropped(answer.variant(), "failed");
      LOG.log(
          System.Logger.Level.WARNING, "event=audit_failed cause=" + e.getClass().getSimpleName());
    }
  }

  private @Nullable EngineSlot find(Predicate<EngineSlot> which) {
    return engines.get().stream()
        .filter(which)
        .filter(slot -> slot.usable() && slot.running().scores())
        .findFirst()
        .orElse(null);
  }

  private void found(String variant, @Nullable Revoked drift, Gaps of) {
    if (drift == null) {
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        String.format(
            Locale.ROOT,
            "event=variant_drifted variant=%s gap=%.3f limit=%.3f unit=nats_per_byte revoked=%s",
            variant,
            drift.gap(),
            drift.limit(),
            config.revoke()));
    if (config.revoke()) {
      policy.revoke(variant, drift);
      of.revoke();
    }
  }

  /** Where the audited variants stand. */
  public List<Standing> standings() {
    return gaps.values().stream().map(Gaps::standing).toList();
  }

  /** Forgets what was found of a variant and lets it answer again; false when it is not audited. */
  public boolean restore(String variant) {
    Gaps of = gaps.get(variant);
    if (of == null) {
      return false;
    }
    of.forget();
    policy.restore(variant);
    return true;
  }

  @Override
  public void close() {
    worker.shutdownNow();
  }
}
