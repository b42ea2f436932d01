package dev.gearbox.cpu.parallel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of platform threads that runs plans of stages; the thread that calls {@link #run}
 * takes part as worker 0. One team serves all the models of a device, one plan at a time, and packs
 * the weights of those that come.
 *
 * <pre>
 *   worker 0  |--- stage 0 ---|-- stage 1 ---|.. end     each worker owns a contiguous range of a
 *   worker 1  |----- stage 0 -|- stage 1 ----|           stage's jobs and, once through with it,
 *                             ^ last to arrive opens     takes jobs from the ranges of the others
 *                               the next stage
 * </pre>
 *
 * <p>Waiting spins for a bounded time and then parks. Which worker runs a job never changes what
 * the job computes, so results do not depend on timing.
 */
public final class CpuWorkers implements AutoCloseable {
  // A stage of a small model takes microseconds and waking a parked thread tens of them; a thread
  // that lost its core must not make its peers burn theirs for longer than that.
  private static final int SPINS = 4_000;

  // Counters of different workers lie on different cache lines (64 bytes, fetched in pairs).
  private static final int PAD = 32;

  private final Thread[] helpers;
  private final AtomicInteger generation = new AtomicInteger();
  private final AtomicInteger plansDone = new AtomicInteger();
  private final AtomicInteger arrived = new AtomicInteger();
  private final AtomicIntegerArray next;
  private final AtomicIntegerArray parked;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ReentrantLock running = new ReentrantLock(true);

  // INVARIANT: written only by the caller before the first generation of a plan and by the last
  // worker to arrive, both before they raise a counter that the readers wait for.
  private Stage[] plan = {};
  private int stage;
  private int jobs;
  private @Nullable Thread caller;

  /** A team of {@code threads} workers, the caller of {@link #run} included. */
  public CpuWorkers(int threads) {
    if (threads < 1 || threads > 1024) {
      throw new IllegalArgumentException("threads must be 1 to 1024, was " + threads);
    }
    next = new AtomicIntegerArray(threads * PAD);
    parked = new AtomicIntegerArray(threads * PAD);
    helpers = new Thread[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      int worker = i + 1;
      helpers[i] =
          Thread.ofPlatform().daemon().name("gearbox-cpu-" + worker).start(() -> help(worker));
    }
  }

  /** A team as large as the number of processors. */
  public static CpuWorkers ofAllProcessors() {
    return new CpuWorkers(Runtime.getRuntime().availableProcessors());
  }

  /** Number of workers, the caller included. */
  public int threads() {
    return helpers.length + 1;
  }

  /**
   * Runs the stages of {@code stages} in their order and returns when the last has ended. Threads
   * that call at the same time take turns, so that no more than the team ever computes.
   *
   * @throws IllegalStateException when closed, or called by a job
   * @throws RuntimeException what a job threw first; the jobs left over are not run
   */
  public void run(Stage... stages) {
    if (closed.get()) {
      throw new IllegalStateException("the workers are closed");
    }
    if (stages.length == 0) {
      return;
    }
    if (running.isHeldByCurrentThread() || isHelper(Thread.currentThread())) {
      throw new IllegalStateException("a job cannot run another plan");
    }
    running.lock();
    try {
      runAll(stages);
    } finally {
      running.unlock();
    }
  }

  private boolean isHelper(Thread thread) {
    for (Thread helper : helpers) {
      if (helper == thread) {
        return true;
      }
    }
    return false;
  }

  private void runAll(Stage[] stages) {
    caller = Thread.currentThread();
    plan = stages;
    failure.set(null);
    int done = plansDone.get();
    int seen = generation.get();
    open(0);
    while (true) {
      seen = await(0, seen, done);
      if (plansDone.get() != done) {
        break;
      }
      work(0);
      arrive();
    }
    plan = new Stage[0];
    Throwable thrown = failure.get();
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void help(int worker) {
    int seen = 0;
    while (true) {
      seen = await(worker, seen, Integer.MIN_VALUE);
      if (closed.get()) {
        return;
      }
      work(worker);
      arrive();
    }
  }

  /** Waits until a stage opens, the plan that began at {@code done} ends, or the team closes. */
  private int await(int worker, int seen, int done) {
    for (int spin = 0; spin < SPINS; spin++) {
      int current = generation.get();
      if (current != seen || isOver(worker, done)) {
        return current;
      }
      Thread.onSpinWait();
    }
    // The flag is set before the counters are read again, and the counters are raised before the
    // flag is read: one side always sees the other.
    parked.set(worker * PAD, 1);
    try {
      while (generation.get() == seen && !isOver(worker, done)) {
        LockSupport.park(this);
      }
    } finally {
      parked.set(worker * PAD, 0);
    }
    return generation.get();
  }

  private boolean isOver(int worker, int done) {
    return worker == 0 ? plansDone.get() != done : closed.get();
  }

  private void work(int worker) {
    Stage current = plan[stage];
    int workers = threads();
    for (int i = 0; i < workers; i++) {
      int owner = worker + i < workers ? worker + i : worker + i - workers;
      int end = firstJob(owner + 1);
      while (next.get(owner * PAD) < end) {
        int job = next.getAndIncrement(owner * PAD);
        if (job >= end || failure.get() != null) {
          break;
        }
        runJob(current, job, worker);
      }
    }
  }

  private void runJob(Stage current, int job, int worker) {
    try {
      current.run(job, worker);
    } catch (RuntimeException | Error thrown) {
      failure.compareAndSet(null, thrown);
    }
  }

  private void arrive() {
    if (arrived.incrementAndGet() < threads()) {
      return;
    }
    if (stage + 1 == plan.length || failure.get() != null) {
      arrived.set(0);
      plansDone.incrementAndGet();
      wake(0, 1);
    } else {
      open(stage + 1);
    }
  }

  private void open(int index) {
    stage = index;
    jobs = jobsOf(plan[index]);
    arrived.set(0);
    for (int worker = 0; worker < threads(); worker++) {
      next.set(worker * PAD, firstJob(worker));
    }
    generation.incrementAndGet();
    wake(0, threads());
  }

  private int jobsOf(Stage current) {
    try {
      return current.jobs();
    } catch (RuntimeException | Error thrown) {
      failure.compareAndSet(null, thrown);
      return 0;
    }
  }

  private int firstJob(int worker) {
    return (int) ((long) jobs * worker / threads());
  }

  private void wake(int from, int to) {
    for (int worker = from; worker < to; worker++) {
      if (parked.get(worker * PAD) != 0) {
        LockSupport.unpark(worker == 0 ? caller : helpers[worker - 1]);
      }
    }
  }

  /** Ends the threads; comes after the last {@link #run}. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      wake(1, threads());
    }
  }
}
