package dev.gearbox.runtime;

import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A model without silicon. Its KV memory remembers which token stands where, and its logits are a
 * hash of everything that the block table leads to, so that a wrong, shared or overwritten block
 * changes the answer. Token 0 ends it.
 */
public class TestingModelRunner implements ModelRunner {
  public static final int VOCABULARY = 128;
  private static final int EMPTY = -1;

  private final int maxStepTokens;
  private final long stepNanos;
  private int[][] kv = {};
  private volatile int failAfter = Integer.MAX_VALUE;
  private volatile @Nullable Semaphore gate;
  private final AtomicInteger steps = new AtomicInteger();
  private volatile boolean closed;

  /**
   * @param stepNanos time that a step takes
   */
  public TestingModelRunner(int maxStepTokens, long stepNanos) {
    this.maxStepTokens = maxStepTokens;
    this.stepNanos = stepNanos;
  }

  /** Lets {@code steps} more steps pass and throws in the one after. */
  public void failAfter(int steps) {
    failAfter = this.steps.get() + steps;
  }

  /** From here on each step takes a permit. */
  public Semaphore gate() {
    Semaphore fresh = new Semaphore(0);
    gate = fresh;
    return fresh;
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
    if (steps.getAndIncrement() >= failAfter) {
      throw new IllegalStateException("the silicon broke");
    }
    if (stepNanos > 0) {
      LockSupport.parkNanos(stepNanos);
    }
    int row = 0;
    for (int s = 0; s < batch.sequences(); s++) {
      for (int i = batch.start(s); i < batch.start(s + 1); i++) {
        int position = batch.context(s) + i - batch.start(s);
        int[] block = kv[batch.blocks(s)[position / BLOCK_TOKENS]];
        block[position % BLOCK_TOKENS] = batch.token(i);
        if (batch.wantsLogits(i)) {
          predict(attend(batch.blocks(s), position), logits, row * VOCABULARY);
          row++;
        }
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
