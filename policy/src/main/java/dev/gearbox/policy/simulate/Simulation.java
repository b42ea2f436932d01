package dev.gearbox.policy.simulate;

import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.SignalStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * One run in virtual time: arrivals meet a fleet, an arm decides. Ends when every request has
 * ended. Single-threaded and deterministic; runs share nothing, so several may go on at once.
 *
 * @param fleet the engines
 * @param maxTokens what clients ask for at most
 * @param gateways that decide, each with an arm of its own; a request comes to one at random
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
    Doors doors = new Doors(gates, seed);
    SimulatedFloor floor = new SimulatedFloor(fleet, time, doors, seed);
    for (int i = 0; i < gateways; i++) {
      gates.add(
          new SimulatedGateway(
              fleet,
              maxTokens,
              time,
              arms.open(fleet, time::now, seed + i),
              floor,
              signalAge.toNanos(),
              ended));
    }
    losses.forEach(loss -> floor.lose(loss.device(), loss.after().toNanos()));
    next(arrivals.iterator(), doors, time);
    time.run();
  }

  /** Arrivals enter the queue one by one, so that a long trace does not fill it. */
  private static void next(Iterator<Arrival> arrivals, Doors doors, VirtualTime time) {
    if (arrivals.hasNext()) {
      Arrival arrival = arrivals.next();
      time.at(
          Math.max(time.now(), VirtualTime.START + arrival.nanos()),
          () -> {
            next(arrivals, doors, time);
            doors.of(arrival).arrive(arrival);
          });
    }
  }

  /**
   * Which gateway has which request. As with remote engines, a gateway learns of a step that
   * computed something of its own, and of the others nothing.
   */
  private record Doors(List<SimulatedGateway> gates, long seed)
      implements SimulatedEngine.Listener {
    SimulatedGateway of(Arrival arrival) {
      return gates.get(new SplittableRandom(seed + arrival.number()).nextInt(gates.size()));
    }

    @Override
    public void step(StepRecord step, List<Flight> carried) {
      carried.stream()
          .map(flight -> of(flight.arrival()))
          .distinct()
          .forEach(gate -> gate.step(step));
    }

    @Override
    public void ended(SimulatedEngine engine, Flight flight, Outcome outcome) {
      of(flight.arrival()).ended(engine, flight, outcome);
    }
  }
}
