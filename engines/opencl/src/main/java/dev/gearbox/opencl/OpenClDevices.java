package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.CL_DEVICE_AVAILABLE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_MAX_COMPUTE_UNITS;
import static org.lwjgl.opencl.CL10.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_MAX_WORK_GROUP_SIZE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_NAME;
import static org.lwjgl.opencl.CL10.CL_DEVICE_NOT_FOUND;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE_ACCELERATOR;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE_ALL;
import static org.lwjgl.opencl.CL10.CL_DEVICE_TYPE_GPU;
import static org.lwjgl.opencl.CL10.CL_DEVICE_VENDOR;
import static org.lwjgl.opencl.CL10.CL_DEVICE_VERSION;
import static org.lwjgl.opencl.CL10.CL_DRIVER_VERSION;
import static org.lwjgl.opencl.CL10.CL_PLATFORM_NAME;
import static org.lwjgl.opencl.CL10.clGetDeviceIDs;
import static org.lwjgl.opencl.CL10.clGetDeviceInfo;
import static org.lwjgl.opencl.CL10.clGetPlatformIDs;
import static org.lwjgl.opencl.CL10.clGetPlatformInfo;

import dev.gearbox.opencl.OpenClDevice.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lwjgl.PointerBuffer;
import org.lwjgl.opencl.CL;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.Platform;

/** Finds the OpenCL devices of this machine. */
public final class OpenClDevices {
  /** What an ICD loader answers when no driver is installed. */
  private static final int PLATFORM_NOT_FOUND = -1001;

  private static final String HOW =
      "install the driver of the GPU, or for this machine's processor: apt-get install"
          + " pocl-opencl-icd ocl-icd-libopencl1";

  private static @Nullable String missing;
  private static boolean loaded;

  private OpenClDevices() {}

  /**
   * All devices, in the order in which the drivers give them.
   *
   * @throws NoOpenClException when there is no OpenCL library or no device
   */
  public static List<OpenClDevice> all() {
    load();
    List<OpenClDevice> found = new ArrayList<>();
    try (MemoryStack stack = MemoryStack.stackPush()) {
      int[] count = new int[1];
      int code = clGetPlatformIDs(null, count);
      if (code == PLATFORM_NOT_FOUND || count[0] == 0) {
        throw new NoOpenClException("no OpenCL driver on this machine; " + HOW);
      }
      OpenClException.check("clGetPlatformIDs", code);
      PointerBuffer platforms = stack.mallocPointer(count[0]);
      OpenClException.check("clGetPlatformIDs", clGetPlatformIDs(platforms, (int[]) null));
      for (int i = 0; i < platforms.capacity(); i++) {
        addDevices(platforms.get(i), found);
      }
    }
    if (found.isEmpty()) {
      throw new NoOpenClException("the OpenCL drivers of this machine have no device; " + HOW);
    }
    return List.copyOf(found);
  }

  /**
   * The device of that index, or the first whose name has that part; where null, the best: a GPU
   * before anything else, more compute units before fewer.
   *
   * @throws NoOpenClException when there is none
   */
  public static OpenClDevice choose(@Nullable String asked) {
    List<OpenClDevice> devices = all();
    if (asked == null || asked.isBlank()) {
      return devices.stream()
          .min(
              Comparator.comparing(OpenClDevice::kind)
                  .thenComparing(Comparator.comparingInt(OpenClDevice::computeUnits).reversed()))
          .orElseThrow();
    }
    String part = asked.strip().toLowerCase(Locale.ROOT);
    return devices.stream()
        .filter(device ->
            part.equals(Integer.toString(device.index()))
                || (!part.chars().allMatch(Character::isDigit)
                    && device.name().toLowerCase(Locale.ROOT).contains(part)))
        .findFirst()
        .orElseThrow(() ->
            new NoOpenClException(
                "no OpenCL device '%s'; there is: %s"
                    .formatted(
                        asked,
                        String.join("; ", devices.stream().map(OpenClDevice::toString).toList()))));
  }

  /** Loads the machine's OpenCL library once; what failed stays failed. */
  private static synchronized void load() {
    if (!loaded) {
      loaded = true;
      if (Platform.get() == Platform.LINUX && Configuration.OPENCL_LIBRARY_NAME.get() == null) {
        // The name without a version comes with development packages only.
        Configuration.OPENCL_LIBRARY_NAME.set("libOpenCL.so.1");
      }
      Configuration.OPENCL_EXPLICIT_INIT.set(true);
      try {
        CL.create();
      } catch (RuntimeException | LinkageError e) {
        System.getLogger(OpenClDevices.class.getName())
            .log(System.Logger.Level.DEBUG, "event=no_opencl", e);
        missing = "no OpenCL library on this machine; " + HOW;
      }
    }
    if (missing != null) {
      throw new NoOpenClException(missing);
    }
  }

  private static void addDevices(long platform, List<OpenClDevice> found) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      int[] count = new int[1];
      int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, null, count);
      if (code == CL_DEVICE_NOT_FOUND || count[0] == 0) {
        return;
      }
      OpenClException.check("clGetDeviceIDs", code);
      PointerBuffer devices = stack.mallocPointer(count[0]);
      OpenClException.check(
          "clGetDeviceIDs", clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, devices, (int[]) null));
      for (int i = 0; i < devices.capacity(); i++) {
        long device = devices.get(i);
        if (number(device, CL_DEVICE_AVAILABLE, Integer.BYTES) != 0) {
          found.add(describe(found.size(), platform, device));
        }
      }
    }
  }

  private static OpenClDevice describe(int index, long platform, long device) {
    long type = number(device, CL_DEVICE_TYPE, Long.BYTES);
    Kind kind =
        (type & CL_DEVICE_TYPE_GPU) != 0
            ? Kind.GPU
            : (type & CL_DEVICE_TYPE_ACCELERATOR) != 0 ? Kind.ACCELERATOR : Kind.CPU;
    return new OpenClDevice(
        index,
        platform,
        device,
        text(device, CL_DEVICE_NAME),
        text(device, CL_DEVICE_VENDOR),
        "%s, %s, %s"
            .formatted(
                platformName(platform),
                text(device, CL_DRIVER_VERSION),
                text(device, CL_DEVICE_VERSION)),
        kind,
        (int) number(device, CL_DEVICE_MAX_COMPUTE_UNITS, Integer.BYTES),
        number(device, CL_DEVICE_GLOBAL_MEM_SIZE, Long.BYTES),
        number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, Long.BYTES),
        (int) Math.min(1 << 20, number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, Long.BYTES)));
  }

  private static long number(long device, int what, int bytes) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      ByteBuffer value = stack.calloc(8, Long.BYTES);
      value.limit(bytes);
      OpenClException.check("clGetDeviceInfo", clGetDeviceInfo(device, what, value, null));
      return bytes == Integer.BYTES ? value.getInt(0) : value.getLong(0);
    }
  }

  private static String text(long device, int what) {
    return text((value, size) -> clGetDeviceInfo(device, what, value, size));
  }

  private static String platformName(long platform) {
    return text((value, size) -> clGetPlatformInfo(platform, CL_PLATFORM_NAME, value, size));
  }

  private interface Query {
    int ask(@Nullable ByteBuffer value, @Nullable PointerBuffer size);
  }

  private static String text(Query query) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      PointerBuffer size = stack.callocPointer(1);
      OpenClException.check("a query", query.ask(null, size));
      ByteBuffer value = ByteBuffer.allocateDirect(Math.toIntExact(size.get(0)));
      OpenClException.check("a query", query.ask(value, null));
      byte[] bytes = new byte[value.capacity()];
      value.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
  }
}
