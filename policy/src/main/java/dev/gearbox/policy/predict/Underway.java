package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Requests handed to devices that have not ended, and what another one joining would cost them:
 *
 * <pre>
 *   X = Σ v·q·[P(now) − P(with it)]     over the requests on the device
 * </pre>
 *
 * A turn of the device lets each busy engine make a step, so a newcomer makes everybody's turn
 * longer by its own part, and once by its prompt. Where a request stands is inferred from what was
 * expected of it, because engines say nothing of single requests until they end. Tables are made
 * anew every {@link #REBUILD_NANOS}; in between, newcomers are added and leavers stay. Thread-safe.
 */
public final class Underway {
  static final long REBUILD_NANOS = 20_000_000;

  private static final double OLDEST_SECONDS = 30;
  private static final double OLDEST_TIMES = 3;
  private static final int MOST = 100_000;

  /** After which nothing is left to remember of a device that nobody is on. */
  private static final long IDLE_NANOS = 600_000_000_000L;

  private final LatencyModel latency;
  private final Map<String, Device> devices = new HashMap<>();
  private final Map<String, Device> byRequest = new HashMap<>();

  public Underway(LatencyModel latency) {
    this.latency = latency;
  }

  /** A request was handed to {@code device}. */
  public synchronized void board(String device, Rider rider, long now) {
    leave(rider.request());
    if (byRequest.size() >= MOST) {
      return;
    }
    Device one = devices.get(device);
    if (one == null) {
      devices.values().removeIf(each -> each.riders.isEmpty() && now - each.boarded > IDLE_NANOS);
      one = new Device();
      devices.put(device, one);
    }
    one.boarded = now;
    one.riders.put(rider.request(), rider);
    byRequest.put(rider.request(), one);
    one.count(rider).add(rider, 1);
    one.inflows
        .computeIfAbsent(Turn.of(rider), turn -> new Inflow())
        .add(rider.forecast().work(), now);
    seat(one, rider, rider.forecast().tpot(), now);
  }

  /** A request ended. */
  public synchronized void leave(String request) {
    Device device = byRequest.remove(request);
    if (device != null) {
      Rider rider = device.riders.remove(request);
      if (rider != null) {
        device.uncount(rider);
      }
    }
  }

  /** Requests handed to {@code device} that have not ended. */
  public synchronized int aboard(String device) {
    Device one = devices.get(device);
    return one == null ? 0 : one.riders.size();
  }

  /**
   * Share of {@code device} that requests have lately asked for which go before one of this lane
   * and priority, 0 to any.
   */
  public synchronized double overtaking(String device, Lane lane, int priority, long now) {
    Device one = devices.get(device);
    if (one == null) {
      return 0;
    }
    double share = 0;
    for (Inflow first : one.inflows.headMap(new Turn(lane, priority)).values()) {
      share += first.share(now);
    }
    return share;
  }

  /** Whether interactive work is on {@code engine}; true where nothing is known of it. */
  public synchronized boolean interactive(String device, String engine) {
    Device one = devices.get(device);
    Aboard there = one == null ? null : one.engines.get(engine);
    return there == null || there.interactive();
  }

  /**
   * Requests on {@code engine} that go before one of this lane and priority that comes. Whoever is
   * there and was handed out by another gateway is taken for one of them.
   *
   * @param present requests that the engine has
   */
  public synchronized int ahead(
      String device, String engine, Lane lane, int priority, int present) {
    Device one = devices.get(device);
    Aboard there = one == null ? null : one.engines.get(engine);
    return there == null
        ? present
        : there.ahead(lane, priority) + Math.max(0, present - there.total());
  }

  /**
   * Points that the requests on {@code device} lose if {@code joining} comes; at least 0.
   *
   * @param cycle seconds that a turn of the device takes
   * @param now monotonic nanoseconds
   */
  public synchronized double damage(String device, Joining joining, double cycle, long now) {
    Device one = devices.get(device);
    if (one == null || one.riders.isEmpty()) {
      return 0;
    }
    if (now - one.built > REBUILD_NANOS) {
      rebuild(one, cycle, now);
    }
    double lost = 0;
    for (SlackTable table : one.tables) {
      // Whoever waits for its first token on the same engine stands before the newcomer.
      boolean first = table.measure == Measure.TTFT;
      if (!first) {
        lost += table.damage(joining.prefill(), joining.cycle(), joining.tokens());
      } else if (table.bulk || !table.engine.equals(joining.engine())) {
        lost += table.damage(joining.prefill(), 0, 0);
      }
    }
    return lost;
  }

  private void rebuild(Device device, double cycle, long now) {
    device.built = now;
    device.tables.forEach(SlackTable::clear);
    for (Iterator<Rider> all = device.riders.values().iterator(); all.hasNext(); ) {
      Rider rider = all.next();
      double elapsed = (now - rider.arrivedNanos()) / 1e9;
      if (elapsed > OLDEST_SECONDS + OLDEST_TIMES * rider.forecast().total()) {
        all.remove();
        byRequest.remove(rider.request());
        device.uncount(rider);
      } else {
        seat(device, rider, cycle, now);
      }
    }
  }

  /** Puts a rider where its slack is, a target at a time, the others taken as they stand. */
  private void seat(Device device, Rider rider, double cycle, long now) {
    Forecast forecast = rider.forecast();
    PoolErrors errors = latency.errors(rider.pool(), rider.streaming(), rider.lane());
    int tokens = Math.max(1, rider.tokens());
    double elapsed = (now - rider.arrivedNanos()) / 1e9;
    double decoding = elapsed - forecast.ttftP50();
    boolean waiting = decoding < 0;
    double done = waiting ? 0 : Math.min(tokens - 1, decoding / Math.max(1e-6, cycle));
    double turns = tokens - done;
    double tpot = (done * forecast.tpot() + turns * Math.max(1e-6, cycle)) / tokens;
    double total = forecast.ttft() + (tokens - 1) * tpot;
    double ofTtft = waiting ? slack(rider, Measure.TTFT, forecast.ttft()) : Double.NaN;
    double ofTpot = slack(rider, Measure.TPOT, tpot);
    double ofTotal = slack(rider, Measure.TOTAL, total);
    double inTtft = meets(errors, Measure.TTFT, ofTtft);
    double inTpot = meets(errors, Measure.TPOT, ofTpot);
    double inTotal = meets(errors, Measure.TOTAL, ofTotal);
    double points = rider.points();
    add(
        device,
        rider,
        errors,
        Measure.TTFT,
        points * inTpot * inTotal,
        ofTtft,
        1 / forecast.ttft(),
        turns);
    add(
        device,
        rider,
        errors,
        Measure.TPOT,
        points * inTtft * inTotal,
        ofTpot,
        1 / (tokens * tpot),
        turns);
    add(device, rider, errors, Measure.TOTAL, points * inTtft * inTpot, ofTotal, 1 / total, turns);
  }

  private static double slack(Rider rider, Measure measure, double predicted) {
    double target = LatencyModel.target(measure, rider.targets());
    return target == Double.POSITIVE_INFINITY ? Double.NaN : Math.log(target / predicted);
  }

  private static double meets(PoolErrors errors, Measure measure, double slack) {
    return Double.isNaN(slack) ? 1 : errors.band(measure).below(slack, 1);
  }

  private static void add(
      Device device,
      Rider rider,
      PoolErrors errors,
      Measure measure,
      double points,
      double slack,
      double perSecond,
      double turns) {
    if (Double.isNaN(slack)) {
      return;
    }
    ErrorBand band = errors.band(measure);
    boolean bulk = rider.lane() == Lane.BULK;
    for (SlackTable table : device.tables) {
      if (table.of(rider.engine(), measure, bulk, band)) {
        table.add(points, slack, perSecond, turns);
        return;
      }
    }
    SlackTable table = new SlackTable(rider.engine(), measure, bulk, band);
    table.add(points, slack, perSecond, turns);
    device.tables.add(table);
  }

  private static final class Device {
    final Map<String, Rider> riders = new LinkedHashMap<>();
    final Map<String, Aboard> engines = new HashMap<>();
    final List<SlackTable> tables = new ArrayList<>();
    final TreeMap<Turn, Inflow> inflows = new TreeMap<>();
    long boarded;
    long built = Long.MIN_VALUE / 2;

    void uncount(Rider rider) {
      Aboard there = count(rider);
      there.add(rider, -1);
      if (there.total() == 0) {
        engines.remove(rider.engine());
      }
    }

    Aboard count(Rider rider) {
      return engines.computeIfAbsent(rider.engine(), id -> new Aboard());
    }
  }
}
