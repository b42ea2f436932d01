package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.GearboxServer;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.ServerConfig;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.time.Duration;

/** Starts the platform, tells what comes up, and stops it gently. */
record ServeRun(Configuration configuration, WeightStore store, Screen screen) {

  int run() throws IOException, InterruptedException {
    Logs.serving();
    ServerConfig server = configuration.gearbox().server();
    String model = configuration.gearbox().models().getFirst().name();
    ServeProgress progress = new ServeProgress(screen, model);
    GearboxServer running = GearboxServer.start(configuration, store, progress);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("gearbox-stop")
                .unstarted(() -> stop(running, server.drain(), progress)));
    progress.listening(
        server.host(),
        running.port(),
        running.adminPort(),
        configuration.gearbox().security().tls());
    String failure = progress.awaitFailureOfAll();
    running.close();
    throw new IOException("no variant could be loaded: " + failure);
  }

  private void stop(GearboxServer running, Duration longest, ServeProgress progress) {
    progress.stopping();
    NextSignal.does(() -> {
      screen.err().println("gearbox: stopping at once; running answers end in an error");
      running.hurry();
    });
    try {
      if (running.inFlight() + running.queued() > 0) {
        screen
            .err()
            .println(
                "gearbox: stopping; running answers may take " + longest.toSeconds() + " s to end");
      }
      running.drain(longest);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    running.close();
  }
}
