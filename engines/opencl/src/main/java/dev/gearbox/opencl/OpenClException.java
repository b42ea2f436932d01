package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.CL_BUILD_PROGRAM_FAILURE;
import static org.lwjgl.opencl.CL10.CL_DEVICE_NOT_AVAILABLE;
import static org.lwjgl.opencl.CL10.CL_INVALID_COMMAND_QUEUE;
import static org.lwjgl.opencl.CL10.CL_INVALID_CONTEXT;
import static org.lwjgl.opencl.CL10.CL_INVALID_DEVICE;
import static org.lwjgl.opencl.CL10.CL_INVALID_KERNEL_ARGS;
import static org.lwjgl.opencl.CL10.CL_INVALID_VALUE;
import static org.lwjgl.opencl.CL10.CL_INVALID_WORK_GROUP_SIZE;
import static org.lwjgl.opencl.CL10.CL_MEM_OBJECT_ALLOCATION_FAILURE;
import static org.lwjgl.opencl.CL10.CL_OUT_OF_HOST_MEMORY;
import static org.lwjgl.opencl.CL10.CL_OUT_OF_RESOURCES;
import static org.lwjgl.opencl.CL10.CL_SUCCESS;

import dev.gearbox.runtime.DeviceLostException;

/** OpenCL refused a call; the message names the call and the error. */
public final class OpenClException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a command of a context returns when its device was unplugged, reset or crashed. */
  private static final int EXEC_ERROR_FOR_EVENTS_IN_WAIT_LIST = -14;

  OpenClException(String message) {
    super(message);
  }

  /**
   * Returns where a call succeeded.
   *
   * @throws DeviceLostException when the device is gone with everything on it
   * @throws OpenClException for any other error
   */
  static void check(String call, int code) {
    if (code == CL_SUCCESS) {
      return;
    }
    String message = "%s: %s (%d)".formatted(call, name(code), code);
    switch (code) {
      case CL_DEVICE_NOT_AVAILABLE,
          CL_OUT_OF_RESOURCES,
          CL_INVALID_COMMAND_QUEUE,
          CL_INVALID_CONTEXT,
          EXEC_ERROR_FOR_EVENTS_IN_WAIT_LIST ->
          throw new DeviceLostException(message);
      default -> throw new OpenClException(message);
    }
  }

  private static String name(int code) {
    return switch (code) {
      case CL_DEVICE_NOT_AVAILABLE -> "the device is not available";
      case CL_OUT_OF_RESOURCES -> "the device is out of resources or was reset";
      case CL_OUT_OF_HOST_MEMORY -> "the driver is out of memory";
      case CL_MEM_OBJECT_ALLOCATION_FAILURE -> "the device is out of memory";
      case CL_BUILD_PROGRAM_FAILURE -> "the program does not compile";
      case CL_INVALID_CONTEXT -> "the context is gone";
      case CL_INVALID_COMMAND_QUEUE -> "the command queue is gone";
      case CL_INVALID_DEVICE -> "no such device";
      case CL_INVALID_VALUE -> "a value is out of bounds";
      case CL_INVALID_KERNEL_ARGS -> "an argument of a kernel is missing";
      case CL_INVALID_WORK_GROUP_SIZE -> "a work group is too large";
      case EXEC_ERROR_FOR_EVENTS_IN_WAIT_LIST -> "a command before it failed";
      default -> "error";
    };
  }
}
