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
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The price of every device, by what was asked of it lately ({@link ClearingPrice}). Beside it two
 * others are kept: one that the meter moves once for each second that passed, where how busy a
 * device is, is the larger of what it says and of the work handed to it per second, and one that
 * promises move. A device with one request at a time is not congested however busy: nobody is in
 * anybody's way. Thread-safe.
 *
 * <p>Other gateways may use a device too. Their requests are in its engines' signals, so that what
 * is asked here has to fit into that part of the device that the requests handed out here have had
 * of all on it, lately: if requests come to the gateways by chance, each finds the price that one
 * gateway for all would.
 */
final class Prices {
  private static final long SECOND = 1_000_000_000L;
  private static final int MOST_SECONDS = 120;
  private static final long STALE_NANOS = 5 * SECOND;

  private final Pricing pricing;
  private final Underway underway;
  private final Map<String, Device> devices = new HashMap<>();
  private @Nullable Signals seen;
  private long looked;
  private long latest;

  Prices(Pricing pricing, Underway underway) {
    this.pricing = pricing;
    this.underway = underway;
  }

  /** Moves the prices to {@code now}. */
  @SuppressWarnings("ReferenceEquality") // the same snapshot, not one that says the same
  synchronized void advance(Signals signals, long now) {
    // Decisions on one snapshot come in crowds; the devices of a large fleet are looked at for one.
    if (signals == seen && now - looked < SECOND && now >= looked) {
      latest = now;
      return;
    }
    seen = signals;
    looked = now;
    latest = now;
    Map<String, Integer> requests = null;
    for (DeviceSignal signal : signals.devices()) {
      Device device = devices.computeIfAbsent(signal.device(), id -> new Device(now));
      long seconds = (now - device.moved) / SECOND;
      if (seconds < 1) {
        continue;
      }
      device.moved += seconds * SECOND;
      double booked = device.booked / seconds;
      device.booked = 0;
      // What a silent device does is unknown: its price stays.
      if (now - signal.takenNanos() > STALE_NANOS) {
        continue;
      }
      requests = requests == null ? requests(signals) : requests;
      int present = requests.getOrDefault(signal.device(), 0);
      double busy = present > 1 ? Math.max(signal.busyShare(), booked) : 0;
      device.shared(
          underway.aboard(signal.device()),
          present,
          Math.exp(-seconds / ClearingPrice.MEMORY_SECONDS));
      for (int i = 0; i < Math.min(seconds, MOST_SECONDS); i++) {
        device.metered = device.metered.next(busy);
      }
    }
  }

  /** Requests on each device. */
  private static Map<String, Integer> requests(Signals signals) {
    Map<String, Integer> requests = new HashMap<>();
    for (EngineSignal engine : signals.engines()) {
      requests.merge(engine.device(), engine.running() + engine.waiting(), Integer::sum);
    }
    return requests;
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
      case CLEARING -> known.clearing.at(latest / 1e9, known.part());
      case METERED -> known.metered.lambda();
      case PREDICTED -> known.promised.lambda();
    };
  }

  /**
   * A request asked for its place on the devices of its candidates: of each alike, because it will
   * run on one of them.
   */
  synchronized void asked(DecisionRecord made, long now) {
    double part = part(made.request().origin());
    int asked = 0;
    for (CandidateRow row : made.candidates()) {
      Score score = row.score();
      Device device = devices.get(row.facts().device());
      if (score != null && device != null) {
        asked += device.considered == 0 ? 1 : 0;
        device.consider(row.facts(), score);
      }
    }
    for (CandidateRow row : made.candidates()) {
      Device device = devices.get(row.facts().device());
      if (device != null) {
        device.ask(part / asked, now / 1e9);
      }
    }
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
    Device known = devices.computeIfAbsent(device, id -> new Device(now));
    known.booked += work;
    double elapsed = Math.max(0, now - known.earned) / 1e9;
    known.earned = now;
    double each = points / Math.max(work, 1e-6);
    known.metered = known.metered.earned(each, elapsed);
    known.promised = known.promised.earned(each, elapsed).promised(meets);
  }

  private static final class Device {
    private final ClearingPrice clearing = new ClearingPrice();
    private final double[] value = new double[ClearingPrice.OPTIONS];
    private final double[] work = new double[ClearingPrice.OPTIONS];
    private int considered;
    private boolean company;
    private Price metered = Price.FREE;
    private Price promised = Price.FREE;
    private double booked;
    private double own;
    private double all;
    private long moved;
    private long earned;

    Device(long now) {
      moved = now;
      earned = now;
    }

    /**
     * So many requests are on it, and so many of them were handed out here. Remembered as long as
     * what is asked, so that who comes back to a busy device finds as much room as it asks for.
     */
    void shared(int ours, int present, double fade) {
      own = own * fade + ours;
      all = all * fade + present;
    }

    /** Signals are older than what is known here, but as often too high as too low. */
    double part() {
      return own > 0 && own < all ? own / all : 1;
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
      if (considered > 0) {
        clearing.ask(value, work, considered, share, company, seconds);
        considered = 0;
        company = false;
      }
    }
  }
}
