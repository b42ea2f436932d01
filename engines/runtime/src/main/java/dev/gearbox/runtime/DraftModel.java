package dev.gearbox.runtime;

import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.runtime.schedule.Drafter;
import dev.gearbox.runtime.schedule.Sequence;
import dev.gearbox.runtime.schedule.StepPlan.Asked;
import dev.gearbox.runtime.schedule.StepTime;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A small model that guesses tokens for a large one to check (Leviathan et al., "Fast Inference
 * from Transformers via Speculative Decoding", 2023), the likeliest each time. Confined to the
 * device's owner thread.
 *
 * <p>Its keys and values stand in memory of its own, in blocks of the same numbers as the large
 * model's, so that a sequence has one block table and blocks are shared, freed and counted once:
 *
 * <pre>
 *   table     |  7  |  2  |  9  |
 *   model     | ••••| ••••| ••  |      computed
 *   draft     | ••••| •   |     |      drafted: follows when it is asked
 * </pre>
 *
 * A block that it has filled is known by how often the block was handed out by then, so that a
 * shared prefix is not computed twice here either.
 */
final class DraftModel implements Drafter {
  private static final System.Logger LOG = System.getLogger(DraftModel.class.getName());

  private final DraftSpec spec;
  private final ModelRunner runner;
  private final KvCache cache;
  private final LongSupplier clock;
  private final StepBatch batch = new StepBatch();
  private final int[] filled;
  private StepTime time = new StepTime();
  private float[] logits = {};
  private boolean broken;

  /**
   * @param cache blocks of the large model
   */
  DraftModel(DraftSpec spec, KvCache cache, LongSupplier clock) {
    this.clock = clock;
    this.spec = spec;
    this.runner = spec.runner();
    this.cache = cache;
    this.filled = new int[cache.total()];
  }

  void allocateBlocks() {
    runner.allocateBlocks(cache.total());
  }

  /** Forgets how long its steps took: those before were compiled meanwhile. */
  void forgetTimes() {
    time = new StepTime();
  }

  @Override
  public int mostGuesses(Sequence sequence) {
    return broken ? 0 : Math.min(spec.tokens(), runner.maxContext() - sequence.size());
  }

  @Override
  public int behind(Sequence sequence) {
    return sequence.size() - known(sequence);
  }

  @Override
  public int maxStepTokens() {
    return runner.maxStepTokens();
  }

  @Override
  public double stepNanos(int tokens) {
    return time.decodeNanos() == 0 ? 0 : time.stepNanos(tokens);
  }

  @Override
  public double catchUpTokenNanos() {
    return time.prefillTokenNanos();
  }

  /** Tokens that it need not compute. */
  private int known(Sequence sequence) {
    if (sequence.drafted() > 0) {
      return sequence.drafted();
    }
    int[] blocks = sequence.table().blocks();
    int full = sequence.computed() / ModelRunner.BLOCK_TOKENS;
    int hits = 0;
    while (hits < full && filled[blocks[hits]] == cache.takes(blocks[hits])) {
      hits++;
    }
    return hits * ModelRunner.BLOCK_TOKENS;
  }

  /**
   * Computes what it is asked for and writes its guesses behind the sequences. Should it fail, what
   * stands there is as good a guess as any, and it is not asked again.
   */
  void run(List<? extends Asked<? extends Sequence>> asked) {
    if (asked.isEmpty()) {
      return;
    }
    try {
      first(asked);
      int most = 0;
      for (Asked<? extends Sequence> each : asked) {
        most = Math.max(most, each.guesses());
      }
      for (int guess = 1; guess < most; guess++) {
        next(asked, guess);
      }
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "event=draft_failed variant=" + spec.variant(), e);
      broken = true;
    }
  }

  private void first(List<? extends Asked<? extends Sequence>> asked) {
    batch.clear();
    for (Asked<? extends Sequence> each : asked) {
      Sequence sequence = each.sequence();
      int from = known(sequence);
      int end = from + each.count();
      batch.beginSequence(from, sequence.table().blocks());
      for (int i = from; i < end; i++) {
        batch.addToken(sequence.token(i), each.guesses() > 0 && i == end - 1);
      }
      sequence.drafted(end);
    }
    step(asked, 0);
    for (Asked<? extends Sequence> each : asked) {
      keep(each.sequence());
    }
  }

  /** Remembers the blocks that are full of tokens that are no guesses. */
  private void keep(Sequence sequence) {
    int[] blocks = sequence.table().blocks();
    for (int i = 0; i < sequence.drafted() / ModelRunner.BLOCK_TOKENS; i++) {
      filled[blocks[i]] = cache.takes(blocks[i]);
    }
  }

  private void next(List<? extends Asked<? extends Sequence>> asked, int guess) {
    batch.clear();
    for (Asked<? extends Sequence> each : asked) {
      if (each.guesses() > guess) {
        Sequence sequence = each.sequence();
        int at = sequence.size() + guess - 1;
        batch.beginSequence(at, sequence.table().blocks());
        batch.addToken(sequence.token(at), true);
        sequence.drafted(at + 1);
      }
    }
    step(asked, guess);
  }

  /** Runs the batch and takes guess number {@code guess} of everyone who asked for as many. */
  private void step(List<? extends Asked<? extends Sequence>> asked, int guess) {
    int vocabulary = runner.vocabulary();
    if (logits.length < batch.logitRows() * vocabulary) {
      logits = new float[batch.logitRows() * vocabulary];
    }
    long start = clock.getAsLong();
    runner.step(batch, logits);
    double nanos = Math.max(1, clock.getAsLong() - start);
    boolean catchesUp = batch.size() > 2 * batch.sequences();
    time.observe(catchesUp ? 0 : batch.size(), 0, catchesUp ? batch.size() : 0, nanos);
    int row = 0;
    for (Asked<? extends Sequence> each : asked) {
      if (each.guesses() > guess) {
        int token = Sampler.argmax(logits, row++ * vocabulary, vocabulary);
        each.sequence().guess(guess, token);
      }
    }
  }

  void close() {
    runner.close();
  }
}
