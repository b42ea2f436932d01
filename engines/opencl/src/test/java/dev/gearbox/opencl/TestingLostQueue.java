package dev.gearbox.opencl;

import static org.lwjgl.opencl.CL10.CL_OUT_OF_RESOURCES;

/** A queue whose device can be lost: from then on every command fails as a driver has it fail. */
final class TestingLostQueue extends ClQueue {
  private boolean lost;

  TestingLostQueue(OpenClContext context) {
    super(context.queue().handle());
  }

  void lose() {
    lost = true;
  }

  @Override
  void check(String call, int code) {
    super.check(call, lost ? CL_OUT_OF_RESOURCES : code);
  }
}
