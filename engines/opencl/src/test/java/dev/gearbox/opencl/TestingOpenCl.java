package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import java.util.List;

/** An OpenCL device for tests: PoCL's, which every machine can have, where there are several. */
final class TestingOpenCl {
  /** Both ways to cut work; PoCL runs that of GPUs too, only slowly. */
  static final List<Tiling> TILINGS = List.of(Tiling.CPU, Tiling.GPU);

  private TestingOpenCl() {}

  static OpenClDevice device() {
    try {
      return OpenClDevices.choose(System.getProperty("gearbox.test.opencl-device"));
    } catch (NoOpenClException e) {
      return fail(e.getMessage());
    }
  }

  static OpenClContext open(Path cache) {
    return OpenClContext.open(device(), cache);
  }
}
