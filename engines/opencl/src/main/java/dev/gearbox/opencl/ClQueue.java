package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.clFinish;
import static org.lwjgl.opencl.CL10.clReleaseCommandQueue;
import static org.lwjgl.opencl.CL10.nclEnqueueNDRangeKernel;
import static org.lwjgl.opencl.CL10.nclEnqueueReadBuffer;
import static org.lwjgl.opencl.CL10.nclEnqueueWriteBuffer;

import java.lang.foreign.MemorySegment;

/** The commands of one model, run in the order in which they are given; one thread at a time. */
class ClQueue implements AutoCloseable {
  private final long handle;

  ClQueue(long handle) {
    this.handle = handle;
  }

  final long handle() {
    return handle;
  }

  /** Copies native memory to the device; it may be changed once this returns. */
  final void write(ClBuffer buffer, long offset, MemorySegment from) {
    write(buffer, offset, from, true);
  }

  /** Copies native memory to the device; it stays as it is until {@link #finish} or a read. */
  final void writeLater(ClBuffer buffer, MemorySegment from) {
    write(buffer, 0, from, false);
  }

  private void write(ClBuffer buffer, long offset, MemorySegment from, boolean blocking) {
    if (from.byteSize() > 0) {
      check(
          "clEnqueueWriteBuffer",
          nclEnqueueWriteBuffer(
              handle,
              buffer.handle(),
              blocking ? 1 : 0,
              offset,
              from.byteSize(),
              from.address(),
              0,
              0,
              0));
    }
  }

  /** Waits for all commands before and copies to native memory. */
  final void read(ClBuffer buffer, long offset, MemorySegment to) {
    check(
        "clEnqueueReadBuffer",
        nclEnqueueReadBuffer(
            handle, buffer.handle(), 1, offset, to.byteSize(), to.address(), 0, 0, 0));
  }

  /**
   * Runs a kernel over two dimensions.
   *
   * @param sizes native memory: two global sizes, two local ones
   */
  final void run(long kernel, MemorySegment sizes) {
    long global = sizes.address();
    check(
        "clEnqueueNDRangeKernel",
        nclEnqueueNDRangeKernel(handle, kernel, 2, 0, global, global + 2L * Long.BYTES, 0, 0, 0));
  }

  /** Waits for all commands. */
  final void finish() {
    check("clFinish", clFinish(handle));
  }

  /** Throws where a call failed; a double may fail of its own accord. */
  void check(String call, int code) {
    OpenClException.check(call, code);
  }

  /** Waits for what is under way: it may read or write memory that is let go of after this. */
  @Override
  public void close() {
    clFinish(handle);
    clReleaseCommandQueue(handle);
  }
}
