package dev.gearbox.policy.simulate;

import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.SignalStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * One run in virtual time: arrivals meet a fleet, an arm decides. Ends when every request has
 * ended. Single-threaded and deterministic; runs share nothing, so several may go on at once.
 *
 * @param fleet the engines
 * @param maxTokens what clients ask for at most
 * @param gateways that decide, each with an arm of its own, taking requests in turns
 * @param signalAge time between two looks that a gateway takes at the engines
 * @param losses devices that are lost on the way
 */
public record Simulation(
    Fleet fleet, int maxTokens, int gateways, Duration signalAge, List<Loss> losses) {
  /** How old a live gateway's snapshot of its own engines gets. */
  public static final Duration LOCAL = Duration.ofNanos(SignalStore.CACHE_NANOS);

  /**
   * A device is lost with everything on it.
   *
   * @param device its number in the fleet
   * @param after the start
   */
  public record Loss(int device, Duration after) {}

  public Simulation {
    losses = List.copyOf(losses);
    if (gateways < 1 || maxTokens < 1 || signalAge.isNegative()) {
      throw new IllegalArgumentException(
          "gateways and max-tokens must be 1 or more and a signal's age not negative");
    }
    for (Loss loss : losses) {
      if (loss.device() < 0 || loss.device() >= fleet.devices().size()) {
        throw new IllegalArgumentException(
            "no device %d to lose among %d".formatted(loss.device(), fleet.devices().size()));
      }
    }
  }

  /**
   * Runs.
   *
   * @param arrivals in the order of their time
   * @param ended told once of every arrival
   */
  public void run(List<Arrival> arrivals, Arm.Factory arms, long seed, Consumer<Ended> ended) {
    VirtualTime time = new VirtualTime();
    List<SimulatedGateway> gates = new ArrayList<>(gateways);
    SimulatedFloor floor = new SimulatedFloor(fleet, time, new Report(gates), seed);
    for (int i = 0; i < gateways; i++) {
      gates.add(
          new SimulatedGateway(
              fleet,
              maxTokens,
              time,
              arms.open(fleet, time::now, seed + i),
              floor,
              signalAge.toNanos(),
              gates,
              ended));
    }
    losses.forEach(loss -> floor.lose(loss.device(), loss.after().toNanos()));
    next(arrivals.iterator(), gates, time);
    time.run();
  }

  /** Arrivals enter the queue one by one, so that a long trace does not fill it. */
  private static void next(
      Iterator<Arrival> arrivals, List<SimulatedGateway> gates, VirtualTime time) {
    if (arrivals.hasNext()) {
      Arrival arrival = arrivals.next();
      time.at(
          Math.max(time.now(), VirtualTime.START + arrival.nanos()),
          () -> {
            next(arrivals, gates, time);
            gates.get(arrival.number() % gates.size()).arrive(arrival);
          });
    }
  }

  /** Steps are heard by every gateway, an end by the one that sent the request. */
  private record Report(List<SimulatedGateway> gates) implements SimulatedEngine.Listener {
    @Override
    public void step(StepRecord step) {
      gates.forEach(gate -> gate.step(step));
    }

    @Override
    public void ended(SimulatedEngine engine, Flight flight, Outcome outcome) {
      gates.get(flight.arrival().number() % gates.size()).ended(engine, flight, outcome);
    }
  }
}
