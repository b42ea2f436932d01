package dev.gearbox.policy.simulate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What no policy can beat on given arrivals, however much it knows: the Lagrangian of the
 * time-binned linear programme. Each request uses at least the device-seconds that it takes in a
 * full batch, within the time that its targets leave it; each bin holds as many device-seconds as
 * there are devices.
 *
 * <pre>
 *   min over μ ≥ 0 of  Σ_b μ_b·L + Σ_i max(0, max_x v_i·q_x − w(i,x)·min_{b in window(i)} μ_b)
 * </pre>
 *
 * Any μ gives a valid bound; subgradient steps make it tighter. Loose, because batches are perfect
 * and nobody waits. Its step times are those of the profile without noise.
 */
final class Bound {
  private static final double BIN_SECONDS = 1;
  private static final int STEPS = 300;
  private static final double WIDEST = 120;

  private Bound() {}

  /** A request: its bins, and for each variant what it brings and takes. */
  private static final class Claim {
    private final int from;
    private final int to;
    private final double[] points;
    private final double[] work;

    Claim(int from, int to, double[] points, double[] work) {
      this.from = from;
      this.to = to;
      this.points = points;
      this.work = work;
    }
  }

  /** Quality-weighted goodput that the arrivals from {@code fromNanos} on cannot exceed. */
  static double of(Fleet fleet, List<Arrival> arrivals, long fromNanos) {
    List<Claim> claims = new ArrayList<>();
    double sum = 0;
    int bins = 1;
    for (Arrival arrival : arrivals) {
      if (arrival.nanos() >= fromNanos) {
        Claim claim = claim(fleet, arrival);
        claims.add(claim);
        bins = Math.max(bins, claim.to + 1);
        sum += arrival.serviceClass().weights().quality();
      }
    }
    return sum == 0 ? 0 : least(claims, new double[bins], fleet.devices().size()) / sum;
  }

  private static Claim claim(Fleet fleet, Arrival arrival) {
    var targets = arrival.serviceClass().targets();
    int tokens = arrival.outputTokens();
    double alone = seconds(targets.ttft()) + (tokens - 1) * seconds(targets.tpot());
    double window = Math.min(WIDEST, Math.min(seconds(targets.deadline()), alone));
    List<EngineProfile> ladder = fleet.ladder();
    double[] points = new double[ladder.size()];
    double[] work = new double[ladder.size()];
    for (int x = 0; x < points.length; x++) {
      EngineProfile engine = ladder.get(x);
      StepProfile steps = engine.steps();
      double shortest = steps.work(arrival.promptTokens(), tokens, 1);
      double first = steps.work(arrival.promptTokens(), 1, 1);
      boolean misses = shortest > window || first > seconds(targets.ttft());
      points[x] =
          misses ? 0 : arrival.serviceClass().weights().quality() * Fleet.quality(engine.variant());
      work[x] = steps.work(arrival.promptTokens(), tokens, engine.maxSequences());
    }
    double at = arrival.nanos() / 1e9;
    return new Claim((int) (at / BIN_SECONDS), (int) ((at + window) / BIN_SECONDS), points, work);
  }

  private static double seconds(@Nullable Duration target) {
    return target == null ? WIDEST : target.toNanos() / 1e9;
  }

  private static double least(List<Claim> claims, double[] price, int devices) {
    double best = Double.POSITIVE_INFINITY;
    double[] used = new double[price.length];
    for (int step = 0; step < STEPS; step++) {
      Arrays.fill(used, 0);
      double value = 0;
      for (double each : price) {
        value += each * BIN_SECONDS * devices;
      }
      for (Claim claim : claims) {
        int cheapest = cheapest(claim, price);
        int chosen = -1;
        double gain = 0;
        for (int x = 0; x < claim.points.length; x++) {
          double net = claim.points[x] - claim.work[x] * price[cheapest];
          if (net > gain) {
            gain = net;
            chosen = x;
          }
        }
        value += gain;
        if (chosen >= 0) {
          used[cheapest] += claim.work[chosen];
        }
      }
      best = Math.min(best, value);
      double rate = 0.3 / Math.sqrt(step + 1.0);
      for (int b = 0; b < price.length; b++) {
        double over = used[b] - BIN_SECONDS * devices;
        price[b] = Math.max(0, price[b] + rate * over / devices);
      }
    }
    return best;
  }

  private static int cheapest(Claim claim, double[] price) {
    int cheapest = claim.from;
    for (int b = claim.from; b <= claim.to; b++) {
      if (price[b] < price[cheapest]) {
        cheapest = b;
      }
    }
    return cheapest;
  }
}
