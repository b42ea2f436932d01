package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.CL_CONTEXT_PLATFORM;
import static org.lwjgl.opencl.CL10.CL_MEM_READ_WRITE;
import static org.lwjgl.opencl.CL10.CL_SUCCESS;
import static org.lwjgl.opencl.CL10.clCreateBuffer;
import static org.lwjgl.opencl.CL10.clCreateCommandQueue;
import static org.lwjgl.opencl.CL10.clReleaseContext;
import static org.lwjgl.opencl.CL10.nclCreateContext;

import java.nio.IntBuffer;
import java.nio.file.Path;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * An open device, with its memory counted and its programs kept. Models share one; it is closed
 * after them. Any thread may use it.
 */
public final class OpenClContext implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OpenClContext.class.getName());

  private final OpenClDevice device;
  private final Tiling tiling;
  private final long handle;
  private final ProgramCache programs;
  private long used;

  private OpenClContext(OpenClDevice device, Tiling tiling, long handle, Path cache) {
    this.device = device;
    this.tiling = tiling;
    this.handle = handle;
    this.programs = new ProgramCache(device, handle, cache);
  }

  /**
   * Opens a device.
   *
   * @param cache folder of compiled programs; made where it is missing
   */
  public static OpenClContext open(OpenClDevice device, Path cache) {
    OpenClContext context = open(device, Tiling.of(device), cache);
    LOG.log(System.Logger.Level.INFO, "event=opencl_device device=\"{0}\"", device);
    return context;
  }

  static OpenClContext open(OpenClDevice device, Tiling tiling, Path cache) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      PointerBuffer properties = stack.mallocPointer(3);
      properties.put(0, CL_CONTEXT_PLATFORM).put(1, device.platform()).put(2, 0);
      PointerBuffer devices = stack.pointers(device.handle());
      IntBuffer code = stack.mallocInt(1);
      long handle =
          nclCreateContext(
              properties.address(), 1, devices.address(), 0, 0, MemoryUtil.memAddress(code));
      OpenClException.check("clCreateContext", code.get(0));
      return new OpenClContext(device, tiling, handle, cache);
    }
  }

  /** Where programs are kept when nobody says otherwise. */
  public static Path defaultCache() {
    return Path.of(System.getProperty("user.home"), ".gearbox", "opencl");
  }

  /** What it is. */
  public OpenClDevice device() {
    return device;
  }

  Tiling tiling() {
    return tiling;
  }

  ProgramCache programs() {
    return programs;
  }

  /** Bytes that buffers take at the moment. */
  public synchronized long used() {
    return used;
  }

  /**
   * Refuses what the device has no room for, before any of it is made.
   *
   * @throws IllegalArgumentException with the figures
   */
  public synchronized void require(String what, long bytes) {
    if (bytes > device.memory() - used) {
      throw new IllegalArgumentException(
          "%s: %d MB do not fit into the %d MB of %s, of which %d MB are used"
              .formatted(what, ceilMb(bytes), device.memory() >> 20, device.name(), used >> 20));
    }
  }

  /** A buffer of the device, its content undefined. */
  ClBuffer allocate(String what, long bytes) {
    if (bytes > device.largestBuffer()) {
      throw new IllegalArgumentException(
          "%s: %d MB are more than the %d MB that one buffer of %s may have"
              .formatted(what, ceilMb(bytes), device.largestBuffer() >> 20, device.name()));
    }
    synchronized (this) {
      require(what, bytes);
      used += bytes;
    }
    try (MemoryStack stack = MemoryStack.stackPush()) {
      IntBuffer code = stack.callocInt(1);
      long buffer = clCreateBuffer(handle, CL_MEM_READ_WRITE, Math.max(4, bytes), code);
      if (code.get(0) != CL_SUCCESS) {
        release(bytes);
        OpenClException.check("clCreateBuffer for " + what, code.get(0));
      }
      return new ClBuffer(this, buffer, bytes);
    }
  }

  synchronized void release(long bytes) {
    used -= bytes;
  }

  /** A queue of its own for one model. */
  ClQueue queue() {
    int[] code = new int[1];
    long queue = clCreateCommandQueue(handle, device.handle(), 0, code);
    OpenClException.check("clCreateCommandQueue", code[0]);
    return new ClQueue(queue);
  }

  private static long ceilMb(long bytes) {
    return Math.ceilDiv(bytes, 1L << 20);
  }

  @Override
  public void close() {
    programs.close();
    clReleaseContext(handle);
  }
}
