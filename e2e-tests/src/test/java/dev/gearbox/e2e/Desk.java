package dev.gearbox.e2e;

import com.microsoft.playwright.Page;
import java.io.IOException;
import java.nio.file.Path;

/** An operator's desk: a gateway with two variants, and a browser to look at it. */
record Desk(GearboxProcess gearbox, Chromium chromium) implements AutoCloseable {
  private static final Path CONFIG =
      GearboxProcess.ROOT.resolve("e2e-tests/src/test/resources/two-variants.yaml");

  /** How a gateway is started with these arguments. */
  @FunctionalInterface
  interface Start {
    GearboxProcess with(String... arguments) throws Exception;
  }

  /** Before the gateway that {@code start} gives, once both variants are loaded. */
  static Desk at(Start start) throws Exception {
    GearboxProcess gearbox = start.with("--config", CONFIG.toString());
    return new Desk(gearbox.awaitVariants(Shared.SMALL, Shared.LARGE), new Chromium());
  }

  /** A view of the operator's page. */
  Page operator(String view) {
    return chromium.open(gearbox.adminUri("/#" + view).toString());
  }

  /** A view of the page of the API's port. */
  Page open(String view) {
    return chromium.open(gearbox.uri("/#" + view).toString());
  }

  @Override
  public void close() throws IOException {
    chromium.close();
    gearbox.close();
  }
}
