package dev.gearbox.cpu.kernel;

/** Prints which kernels this process chooses. */
public final class KernelNames {
  private KernelNames() {}

  /** Takes no arguments. */
  public static void main(String[] args) {
    System.out.println(Kernels.best().getClass().getSimpleName());
  }
}
