package dev.gearbox.e2e;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One running program with two variants of {@code auto}, for all tests that do not harm it. */
final class Shared {
  static final String SMALL = "smollm2-135m-q4_1";
  static final String LARGE = "qwen2.5-coder-0.5b-q4_k_m";
  private static @Nullable GearboxProcess running;

  private Shared() {}

  static synchronized GearboxProcess gearbox() throws Exception {
    if (running == null) {
      Path config = GearboxProcess.ROOT.resolve("e2e-tests/src/test/resources/two-variants.yaml");
      GearboxProcess started = GearboxProcess.serve("--config", config.toString());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> started.process().destroy()));
      running = started.awaitVariants(SMALL, LARGE);
    }
    return running;
  }
}
