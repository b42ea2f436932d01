package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.clReleaseMemObject;

/** Memory of a device; counted by its context until it is closed. */
final class ClBuffer implements AutoCloseable {
  private final OpenClContext context;
  private final long handle;
  private final long bytes;
  private boolean closed;

  ClBuffer(OpenClContext context, long handle, long bytes) {
    this.context = context;
    this.handle = handle;
    this.bytes = bytes;
  }

  long handle() {
    return handle;
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      clReleaseMemObject(handle);
      context.release(bytes);
    }
  }
}
