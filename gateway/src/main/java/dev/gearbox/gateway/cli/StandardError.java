package dev.gearbox.gateway.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** The descriptor that {@link System#err} writes to. */
final class StandardError {
  private static final int STDERR = 2;

  private StandardError() {}

  /**
   * Lets another open descriptor take the place of stderr, with the offset that it shares.
   *
   * @throws IOException when there is no such descriptor
   */
  @SuppressWarnings("restricted") // the launcher allows native access
  static void become(int descriptor) throws IOException {
    Linker linker = Linker.nativeLinker();
    MethodHandle dup2 =
        linker.downcallHandle(
            linker.defaultLookup().find("dup2").orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    int now;
    try {
      now = (int) dup2.invokeExact(descriptor, STDERR);
    } catch (Throwable e) {
      throw new IllegalStateException("the C library cannot be called", e);
    }
    if (now != STDERR) {
      throw new IOException("descriptor " + descriptor + " is not open");
    }
  }
}
