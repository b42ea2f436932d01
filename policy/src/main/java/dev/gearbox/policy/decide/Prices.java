package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.ClearingPrice;
import dev.gearbox.policy.choose.Price;
import dev.gearbox.policy.choose.Pricing;
import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Origin;
import dev.gearbox.policy.predict.Underway;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The price of every device, by what was asked of it lately ({@link ClearingPrice}). Beside it two
 * others are kept: one that the meter moves once for each second that passed, where how busy a
 * device is, is the larger of what it says and of the work handed to it per second, and one that
 * promises move. A device with one request at a time is not congested however busy: nobody is in
 * anybody's way. Thread-safe.
 *
 * <p>Devices that hold the same have one price: what is asked of one might as well be asked of
 * another, and a price of each by what chance brought it would send everybody to the cheapest.
 *
 * <p>Other gateways may use a device too. Their requests are in its engines' signals, so that what
 * is asked here has to fit into that part of the devices that the requests handed out here have had
 * of all on them, lately: if requests come to the gateways by chance, each finds the price that one
 * gateway for all would.
 */
final class Prices {
  private static final long SECOND = 1_000_000_000L;
  private static final int MOST_SECONDS = 120;
  private static final long STALE_NANOS = 5 * SECOND;
  private static final long NEVER = Long.MIN_VALUE;

  private final Pricing pricing;
  private final Underway underway;
  private final Map<String, Device> devices = new HashMap<>();
  private final Map<String, Kind> kinds = new HashMap<>();
  private long moved = NEVER;
  private long latest;

  Prices(Pricing pricing, Underway underway) {
    this.pricing = pricing;
    this.underway = underway;
  }

  /** Moves the prices to {@code now}, by what signals say each second. */
  synchronized void advance(Signals signals, long now) {
    latest = now;
    boolean known = moved != NEVER && now >= moved;
    long seconds = known ? (now - moved) / SECOND : 0;
    if (known && seconds == 0) {
      return;
    }
    moved = known ? moved + seconds * SECOND : now;
    Map<String, Load> loads = loads(signals);
    kinds.values().forEach(each -> each.lookAgain(seconds));
    Set<String> here = new HashSet<>();
    for (DeviceSignal signal : signals.devices()) {
      here.add(signal.device());
      Load load = loads.getOrDefault(signal.device(), Load.NONE);
      Kind kind = kinds.computeIfAbsent(load.holds.toString(), holds -> new Kind());
      Device device = devices.computeIfAbsent(signal.device(), id -> new Device(kind, now));
      device.kind = kind;
      kind.devices += load.ready ? 1 : 0;
      double booked = device.booked / Math.max(1, seconds);
      device.booked = 0;
      // What a silent device does is unknown: its price stays.
      if (now - signal.takenNanos() > STALE_NANOS) {
        continue;
      }
      kind.own += underway.aboard(signal.device());
      kind.all += load.requests;
      double busy = load.requests > 1 ? Math.max(signal.busyShare(), booked) : 0;
      for (int i = 0; i < Math.min(seconds, MOST_SECONDS); i++) {
        device.metered = device.metered.next(busy);
      }
    }
    kinds.values().removeIf(each -> each.devices == 0);
    devices.keySet().retainAll(here);
  }

  /** What is on each device. */
  private static Map<String, Load> loads(Signals signals) {
    Map<String, Load> loads = new HashMap<>();
    for (EngineSignal engine : signals.engines()) {
      Load load = loads.computeIfAbsent(engine.device(), id -> new Load());
      load.holds.add(CandidateList.errorGroup(engine.pool(), engine.variant()));
      load.requests += engine.running() + engine.waiting();
      load.ready |= engine.state() == EngineSignal.State.READY;
    }
    return loads;
  }

  /** Points per device-second, as the price that decides has it. */
  double lambda(String device) {
    return lambda(device, pricing);
  }

  synchronized double lambda(String device, Pricing by) {
    Device known = devices.get(device);
    if (known == null) {
      return 0;
    }
    return switch (by) {
      case CLEARING -> known.kind.price(latest / 1e9);
      case METERED -> known.metered.lambda();
      case PREDICTED -> known.promised.lambda();
    };
  }

  /**
   * A request asked for its place on the devices of its candidates: of each kind alike, because it
   * will run on one of them.
   */
  synchronized void asked(DecisionRecord made, long now) {
    double part = part(made.request().origin());
    Set<Kind> asked = new LinkedHashSet<>();
    for (CandidateRow row : made.candidates()) {
      Score score = row.score();
      Device device = devices.get(row.facts().device());
      if (score != null && device != null) {
        device.kind.consider(row.facts(), score);
        asked.add(device.kind);
      }
    }
    asked.forEach(kind -> kind.ask(part / asked.size(), now / 1e9));
  }

  /**
   * How much of a request its demand is. What waits in a queue is taken up as fast as there is
   * room, which says nothing of how fast it must be: it asks for its share of itself and of the
   * requests that wait with it, {@code lag}, that must have gone since the one before it was taken,
   * {@code gap} seconds ago, to be done within its slack.
   *
   * <pre>
   *   part = min(1, (1 + lag) · gap / slack)
   * </pre>
   */
  private static double part(Origin origin) {
    if (!origin.queued()) {
      return 1;
    }
    Double slack = origin.slack();
    Double gap = origin.gap();
    return slack == null || gap == null
        ? 0
        : Math.min(1, (origin.lag() + 1) * gap / Math.max(1e-3, slack));
  }

  /** Work was handed to a device for so many points, with the chance {@code meets}. */
  synchronized void spent(String device, double work, double points, double meets, long now) {
    Device known = devices.computeIfAbsent(device, id -> new Device(new Kind(), now));
    known.booked += work;
    double elapsed = Math.max(0, now - known.earned) / 1e9;
    known.earned = now;
    double each = points / Math.max(work, 1e-6);
    known.metered = known.metered.earned(each, elapsed);
    known.promised = known.promised.earned(each, elapsed).promised(meets);
  }

  /** What the engines of a device have, and which they are. */
  private static final class Load {
    static final Load NONE = new Load();

    final Set<String> holds = new TreeSet<>();
    int requests;
    boolean ready;
  }

  /** One device. */
  private static final class Device {
    private Kind kind;
    private Price metered = Price.FREE;
    private Price promised = Price.FREE;
    private double booked;
    private long earned;

    Device(Kind kind, long now) {
      this.kind = kind;
      this.earned = now;
    }
  }

  /** Devices that hold the same. */
  private static final class Kind {
    private final ClearingPrice clearing = new ClearingPrice();
    private final double[] value = new double[ClearingPrice.OPTIONS];
    private final double[] work = new double[ClearingPrice.OPTIONS];
    private int considered;
    private boolean company;
    private int devices;
    private double own;
    private double all;

    /**
     * A look is remembered as long as what is asked is, so that who comes back to busy devices
     * finds as much room as it asks for.
     */
    void lookAgain(long seconds) {
      double kept = Math.exp(-(double) seconds / ClearingPrice.MEMORY_SECONDS);
      own *= kept;
      all *= kept;
      devices = 0;
    }

    /** Signals are older than what is known here, but as often too high as too low. */
    double price(double seconds) {
      double part = own > 0 && own < all ? own / all : 1;
      return clearing.at(seconds, Math.max(1, devices), part);
    }

    /** A candidate of the request that asks. */
    void consider(CandidateFacts facts, Score score) {
      company |= facts.running() + facts.waiting() > 0;
      if (considered < ClearingPrice.OPTIONS) {
        value[considered] = score.worth() * facts.forecast().meetsIdle();
        work[considered] = Math.max(1e-6, facts.forecast().work());
        considered++;
      }
    }

    /** The candidates considered are all that the request has here. */
    void ask(double share, double seconds) {
      clearing.ask(value, work, considered, share, company, seconds);
      considered = 0;
      company = false;
    }
  }
}
