package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.clCreateKernel;
import static org.lwjgl.opencl.CL10.clReleaseKernel;
import static org.lwjgl.opencl.CL10.clSetKernelArg1f;
import static org.lwjgl.opencl.CL10.clSetKernelArg1i;
import static org.lwjgl.opencl.CL10.clSetKernelArg1p;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A kernel with the arguments of one place in the plan; they stay until they are set anew. Groups
 * are {@code group} work items wide and one high.
 */
final class ClKernel implements AutoCloseable {
  private final long handle;
  private final MemorySegment sizes;
  private int arguments;

  /**
   * @param program built
   * @param width work items of the first dimension, a multiple of {@code group}
   * @param arena as long as the kernel
   */
  ClKernel(long program, String name, long width, long group, Arena arena) {
    int[] code = new int[1];
    handle = clCreateKernel(program, name, code);
    OpenClException.check("clCreateKernel " + name, code[0]);
    sizes = arena.allocate(4L * Long.BYTES, Long.BYTES);
    sizes.setAtIndex(ValueLayout.JAVA_LONG, 0, width);
    sizes.setAtIndex(ValueLayout.JAVA_LONG, 2, group);
    sizes.setAtIndex(ValueLayout.JAVA_LONG, 3, 1);
  }

  /** Adds a buffer as the next argument. */
  ClKernel with(ClBuffer buffer) {
    OpenClException.check("clSetKernelArg", clSetKernelArg1p(handle, arguments++, buffer.handle()));
    return this;
  }

  /** Adds an integer as the next argument. */
  ClKernel with(int value) {
    set(arguments++, value);
    return this;
  }

  /** Adds a float as the next argument. */
  ClKernel with(float value) {
    OpenClException.check("clSetKernelArg", clSetKernelArg1f(handle, arguments++, value));
    return this;
  }

  /** Changes an integer. */
  void set(int argument, int value) {
    OpenClException.check("clSetKernelArg", clSetKernelArg1i(handle, argument, value));
  }

  /** Gives the command to run it over so many rows. */
  void run(ClQueue queue, int rows) {
    sizes.setAtIndex(ValueLayout.JAVA_LONG, 1, rows);
    queue.run(handle, sizes);
  }

  @Override
  public void close() {
    clReleaseKernel(handle);
  }
}
