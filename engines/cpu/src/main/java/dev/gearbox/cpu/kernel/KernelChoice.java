package dev.gearbox.cpu.kernel;

import java.lang.System.Logger.Level;

/** Decides once, when the first model loads, which kernels this process uses, and says so. */
final class KernelChoice {
  static final Kernels BEST = choose();

  private KernelChoice() {}

  private static Kernels choose() {
    System.Logger log = System.getLogger(KernelChoice.class.getName());
    boolean present = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    Integer asked = Integer.getInteger(SimdWidth.PROPERTY);
    if (!present || (asked != null && asked == 0)) {
      String why =
          present ? SimdWidth.PROPERTY + "=0" : "start with --add-modules=jdk.incubator.vector";
      log.log(present ? Level.INFO : Level.WARNING, "cpu kernels=scalar because=\"" + why + "\"");
      return new ScalarKernels(16);
    }
    Kernels vector = new VectorKernels();
    log.log(
        Level.INFO,
        "cpu kernels=vector bits={0} preferred={1}",
        SimdWidth.bits(),
        SimdWidth.preferred());
    return vector;
  }
}
