package dev.gearbox.runtime;

import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.runtime.sample.Likeliest;
import dev.gearbox.runtime.sample.Sampler;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A model without silicon. Its KV memory remembers which token stands where, and its logits are a
 * hash of everything that the block table leads to, so that a wrong, shared or overwritten block
 * changes the answer. Token 0 ends it. A repetitive one mostly goes on with the token after the
 * last, round and round, and now and then, as the hash has it, with any.
 */
public class TestingModelRunner implements ModelRunner {
  public static final int VOCABULARY = 128;
  private static final int EMPTY = -1;
  private static final int PERIOD = 9;
  private static final int MOST_LIKELIEST = 16;

  private final int maxStepTokens;
  private final long stepNanos;
  private final boolean repetitive;
  private int[][] kv = {};
  private volatile int failAfter = Integer.MAX_VALUE;
  private volatile int failAt = Integer.MAX_VALUE;
  private volatile int loseAfter = Integer.MAX_VALUE;
  private volatile @Nullable Semaphore gate;
  private final AtomicInteger steps = new AtomicInteger();
  private final AtomicInteger tokens = new AtomicInteger();
  private volatile boolean closed;

  /**
   * @param stepNanos time that a step takes
   */
  public TestingModelRunner(int maxStepTokens, long stepNanos) {
    this(maxStepTokens, stepNanos, false);
  }

  private TestingModelRunner(int maxStepTokens, long stepNanos, boolean repetitive) {
    this.maxStepTokens = maxStepTokens;
    this.stepNanos = stepNanos;
    this.repetitive = repetitive;
  }

  /** One whose answers repeat themselves, and whose steps take equally long at any size. */
  public static TestingModelRunner repetitive(int maxStepTokens) {
    return new TestingModelRunner(maxStepTokens, 500_000, true);
  }

  /** Lets {@code steps} more steps pass and throws in the one after. */
  public void failAfter(int steps) {
    failAfter = this.steps.get() + steps;
  }

  /** Throws once, in the step after {@code steps} more. */
  public void failAt(int steps) {
    failAt = this.steps.get() + steps;
  }

  /** Loses its silicon in the step after {@code steps} more. */
  public void loseAfter(int steps) {
    loseAfter = this.steps.get() + steps;
  }

  /** From here on each step takes a permit. */
  public Semaphore gate() {
    Semaphore fresh = new Semaphore(0);
    gate = fresh;
    return fresh;
  }

  /** Tokens computed. */
  public int tokens() {
    return tokens.get();
  }

  public int steps() {
    return steps.get();
  }

  public boolean isClosed() {
    return closed;
  }

  @Override
  public int vocabulary() {
    return VOCABULARY;
  }

  @Override
  public int maxContext() {
    return 4096;
  }

  @Override
  public long bytesPerBlock() {
    return BLOCK_TOKENS * (long) Integer.BYTES;
  }

  @Override
  public int maxStepTokens() {
    return maxStepTokens;
  }

  @Override
  public int exactStepTokens() {
    return maxStepTokens;
  }

  /** Adapters change the hash. */
  @Override
  public ModelAdapter adapter(LoraAdapter file, float factor) {
    return new TestingAdapter((int) file.alpha(), file.rank());
  }

  private record TestingAdapter(int number, int rank) implements ModelAdapter {
    @Override
    public long bytes() {
      return 0;
    }
  }

  @Override
  public void allocateBlocks(int blocks) {
    kv = new int[blocks][BLOCK_TOKENS];
    for (int[] block : kv) {
      Arrays.fill(block, EMPTY);
    }
  }

  @Override
  public void step(StepBatch batch, float[] logits) {
    if (batch.size() > maxStepTokens || closed) {
      throw new IllegalArgumentException("a step of " + batch.size() + " tokens");
    }
    Semaphore waiting = gate;
    if (waiting != null) {
      waiting.acquireUninterruptibly();
    }
    int number = steps.getAndIncrement();
    if (number >= loseAfter) {
      throw new DeviceLostException("the silicon is gone");
    }
    if (number >= failAfter || number == failAt) {
      throw new IllegalStateException("the silicon broke");
    }
    if (stepNanos > 0) {
      LockSupport.parkNanos(stepNanos);
    }
    tokens.addAndGet(batch.size());
    int row = 0;
    for (int s = 0; s < batch.sequences(); s++) {
      batch.pause();
      for (int i = batch.start(s); i < batch.start(s + 1); i++) {
        int position = batch.context(s) + i - batch.start(s);
        int[] block = kv[batch.blocks(s)[position / BLOCK_TOKENS]];
        int adapter = batch.adapter(s) instanceof TestingAdapter given ? given.number : 0;
        block[position % BLOCK_TOKENS] = batch.token(i) + VOCABULARY * adapter;
        if (batch.wantsLogits(i)) {
          long hash = attend(batch.blocks(s), position);
          predict(hash, logits, row * VOCABULARY);
          if (repetitive && (hash & 7) != 0) {
            logits[row * VOCABULARY + 1 + batch.token(i) % PERIOD] = 8;
          }
          row++;
        }
      }
    }
  }

  @Override
  public int maxLikeliest() {
    return MOST_LIKELIEST;
  }

  @Override
  public void step(StepBatch batch, Likeliest likeliest) {
    float[] whole = new float[batch.logitRows() * VOCABULARY];
    step(batch, whole);
    for (int row = 0; row < batch.logitRows(); row++) {
      int from = row * VOCABULARY;
      for (int place = 0; place < likeliest.width(); place++) {
        int id = Sampler.argmax(whole, from, VOCABULARY);
        likeliest.put(row, place, id, whole[from + id]);
        whole[from + id] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private long attend(int[] blocks, int position) {
    long hash = 1;
    for (int p = 0; p <= position; p++) {
      hash = mix(hash * 31 + kv[blocks[p / BLOCK_TOKENS]][p % BLOCK_TOKENS]);
    }
    return hash;
  }

  private static void predict(long hash, float[] logits, int from) {
    for (int token = 0; token < VOCABULARY; token++) {
      logits[from + token] = (mix(hash + token) >>> 40) / (float) (1 << 24) * 8 - 4;
    }
    // The end is rare.
    logits[from] = hash % 200 == 0 ? 9 : -9;
  }

  private static long mix(long z) {
    long x = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    x = (x ^ x >>> 27) * 0x94D049BB133111EBL;
    return x ^ x >>> 31;
  }

  @Override
  public void close() {
    closed = true;
  }
}
