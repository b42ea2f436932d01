package dev.gearbox.cpu.parallel;

/**
 * One part of a step whose jobs may run at the same time, in any order, on any worker. A stage
 * begins when every job of the stage before it has ended, and sees all that those wrote.
 */
public interface Stage {
  /** Number of jobs; asked once, when the stage begins. None is allowed. */
  int jobs();

  /**
   * Runs one job.
   *
   * @param job from 0 to {@link #jobs} - 1
   * @param worker from 0 to {@link CpuWorkers#threads} - 1; indexes memory of a worker's own
   */
  void run(int job, int worker);
}
