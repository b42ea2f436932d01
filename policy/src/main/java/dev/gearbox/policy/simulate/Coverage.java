package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.Decision.Prediction;
import dev.gearbox.policy.decide.Decision.Route;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * How often what was promised at the decision held, of one pool and target, at one load.
 *
 * @param pool that was chosen
 * @param target {@code ttft} or {@code tpot}
 * @param load {@code all}, or a third of the requests by how many others were under way when they
 *     came: {@code low}, {@code middle} or {@code high}
 * @param answers that showed the latency
 * @param share of them within the band's upper end
 * @param width upper end over the median, in the mean
 */
public record Coverage(
    String pool, String target, String load, long answers, double share, double width) {
  /** Names of the thirds, after that of everything. */
  static final List<String> LOADS = List.of("all", "low", "middle", "high");

  /** One answered request: what was promised, what came, and how many others were under way. */
  private record Kept(Route route, double ttft, double tpot, int underway) {}

  /** What is asked of a request. */
  private enum Target {
    TTFT,
    TPOT;

    double actual(Kept kept) {
      return this == TTFT ? kept.ttft : kept.tpot;
    }

    double high(Prediction promised) {
      return this == TTFT ? promised.ttftHigh() : promised.tpotHigh();
    }

    double median(Prediction promised) {
      return this == TTFT ? promised.ttftP50() : promised.tpotP50();
    }
  }

  /**
   * Of several runs.
   *
   * @param fromNanos arrivals before that do not count
   */
  static List<Coverage> of(List<List<Ended>> runs, long fromNanos) {
    List<Kept> all = new ArrayList<>();
    runs.forEach(run -> all.addAll(kept(run, fromNanos)));
    all.sort(Comparator.comparingInt(Kept::underway));
    TreeSet<String> pools = new TreeSet<>();
    all.forEach(each -> pools.add(each.route.pool()));
    List<Coverage> rows = new ArrayList<>();
    for (String pool : pools) {
      List<Kept> ofPool = all.stream().filter(each -> each.route.pool().equals(pool)).toList();
      for (int i = 0; i < LOADS.size(); i++) {
        int from = i == 0 ? 0 : ofPool.size() * (i - 1) / 3;
        int to = i == 0 ? ofPool.size() : ofPool.size() * i / 3;
        for (Target target : Target.values()) {
          rows.add(row(pool, target, LOADS.get(i), ofPool.subList(from, to)));
        }
      }
    }
    return rows;
  }

  private static Coverage row(String pool, Target target, String load, List<Kept> some) {
    long answers = 0;
    long within = 0;
    double width = 0;
    for (Kept each : some) {
      double actual = target.actual(each);
      Prediction promised = each.route.predicted();
      if (actual > 0) {
        answers++;
        within += actual <= target.high(promised) ? 1 : 0;
        width += target.high(promised) / target.median(promised);
      }
    }
    double of = Math.max(1, answers);
    String name = target == Target.TTFT ? "ttft" : "tpot";
    return new Coverage(pool, name, load, answers, within / of, width / of);
  }

  /** Answered by whom it was routed to; others were promised something else. */
  private static List<Kept> kept(List<Ended> run, long fromNanos) {
    long[] begins = run.stream().mapToLong(each -> each.arrival().nanos()).sorted().toArray();
    long[] ends = run.stream().mapToLong(Coverage::end).sorted().toArray();
    List<Kept> kept = new ArrayList<>();
    for (Ended each : run) {
      Route route = each.route();
      long at = each.arrival().nanos();
      if (route != null && at >= fromNanos && route.variant().equals(each.variant())) {
        kept.add(
            new Kept(route, each.ttft(), each.tpot(), before(begins, at) - before(ends, at) - 1));
      }
    }
    return kept;
  }

  private static long end(Ended each) {
    return each.arrival().nanos() + (long) (each.seconds() * 1e9);
  }

  /** How many of {@code sorted} are at or before {@code at}. */
  private static int before(long[] sorted, long at) {
    int found = Arrays.binarySearch(sorted, at + 1);
    return found >= 0 ? found : -found - 1;
  }
}
