package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.parallel.Stage;
import java.util.function.IntConsumer;

/** Jobs that need no memory of a worker's own. */
record Jobs(int jobs, IntConsumer job) implements Stage {
  @Override
  public void run(int index, int worker) {
    job.accept(index);
  }
}
