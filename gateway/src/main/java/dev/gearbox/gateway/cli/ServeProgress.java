package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.TlsConfig;
import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells how the engines come up: a moving line on a terminal, every tenth in a log. */
final class ServeProgress implements EngineListener {
  private final Screen screen;
  private final String model;
  private final long started = System.nanoTime();
  private final Map<String, State> states = new LinkedHashMap<>();
  private final Map<String, Integer> tenths = new HashMap<>();
  private final Map<String, String> failures = new LinkedHashMap<>();
  private final Set<String> ready = new HashSet<>();
  private String url = "";
  private boolean stopping;

  ServeProgress(Screen screen, String model) {
    this.screen = screen;
    this.model = model;
  }

  /** From here on engines end because they shall. */
  synchronized void stopping() {
    stopping = true;
  }

  /**
   * The ports answer.
   *
   * @param tls what they speak; null for none of it
   */
  synchronized void listening(String host, int port, int adminPort, @Nullable TlsConfig tls) {
    String named = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    String place = "://" + (named.contains(":") ? "[" + named + "]" : named) + ":";
    String admin = (tls != null && tls.admin() ? "https" : "http") + place + adminPort;
    url = (tls != null ? "https" : "http") + place + port;
    screen
        .out()
        .printf("gearbox: live at %s/v1, console at %s/, metrics at %s/metrics%n", url, url, admin);
    if (!ready.isEmpty()) {
      tryIt();
    }
  }

  @Override
  public synchronized void note(String engine, String line) {
    screen.err().println(engine + ": " + line);
  }

  @Override
  public synchronized void changed(EngineSlot slot) {
    State before = states.put(slot.id(), slot.state());
    switch (slot.state()) {
      case LOADING -> loading(slot);
      case WARMING -> {
        if (before != State.WARMING) {
          status(slot.variant().name() + ": warming up");
        }
      }
      case READY -> {
        if (ready.add(slot.id())) {
          ready(slot);
        }
      }
      case FAILED -> failed(slot);
      case DRAINING, CLOSED -> screen.erase();
    }
  }

  private void loading(EngineSlot slot) {
    int percent = (int) (slot.progress() * 100);
    Integer last = tenths.get(slot.id());
    if (percent == 0 || (last != null && !screen.isTerminal() && last >= percent / 10)) {
      return;
    }
    tenths.put(slot.id(), percent / 10);
    long megabytes = slot.variant().bytes() / 1_000_000;
    status("%s: %d %% of %d MB".formatted(slot.variant().name(), percent, megabytes));
  }

  private void status(String line) {
    if (screen.isTerminal()) {
      screen.draw(line);
    } else {
      screen.err().println(line);
    }
  }

  private void ready(EngineSlot slot) {
    screen.erase();
    screen
        .out()
        .printf(
            Locale.ROOT,
            "gearbox: ready: %s in pool %s on %s, %.1f s after the start%n",
            slot.variant().name(),
            slot.pool(),
            slot.device(),
            (System.nanoTime() - started) / 1e9);
    if (ready.size() == 1 && !url.isEmpty()) {
      tryIt();
    }
  }

  private void tryIt() {
    screen
        .out()
        .printf(
            "try: curl %s/v1/chat/completions -H 'content-type: application/json' -d"
                + " '{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'%n",
            url, model);
  }

  private void failed(EngineSlot slot) {
    if (stopping) {
      return;
    }
    String reason = String.valueOf(slot.reason());
    if (failures.put(slot.id(), reason) == null) {
      screen.err().println("gearbox: " + slot.variant().name() + " failed: " + reason);
    }
    notifyAll();
  }

  /** Waits until nothing is left that could answer; says why the last one failed. */
  synchronized String awaitFailureOfAll() throws InterruptedException {
    while (stopping
        || states.isEmpty()
        || !states.values().stream().allMatch(s -> s == State.FAILED)) {
      wait();
    }
    return failures.values().stream().reduce((a, b) -> b).orElse("");
  }
}
