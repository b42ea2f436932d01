package dev.gearbox.opencl;

/** Commands of a step that are given for so many rows. */
@FunctionalInterface
interface Stage {
  void run(int rows);
}
