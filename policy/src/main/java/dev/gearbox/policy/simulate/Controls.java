package dev.gearbox.policy.simulate;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The rules that the policy is compared with; each is a few lines, as such rules are. */
final class Controls {
  private static final double FLUID_MEMORY_SECONDS = 10;

  private Controls() {}

  /** Always the best variant. */
  static Arm.Factory referenceOnly() {
    return Control.of(fleet -> {
      String reference = names(fleet).getFirst();
      return (request, facts) -> reference;
    });
  }

  /** Always the variant of the least quality. */
  static Arm.Factory smallestOnly() {
    return Control.of(fleet -> {
      String smallest = names(fleet).getLast();
      return (request, facts) -> smallest;
    });
  }

  /** The same, refusing whoever would more likely be late than not, on an idle device too. */
  static Arm.Factory smallestOrNone() {
    return Control.of(fleet -> {
      String smallest = names(fleet).getLast();
      return (request, facts) -> {
        double meets = 0;
        for (CandidateFacts each : facts.candidates()) {
          meets = Math.max(meets, each.variant().equals(smallest) ? each.forecast().meets() : 0);
        }
        return meets < ChoiceOptions.DEFAULT.meetsFloor() ? null : smallest;
      };
    });
  }

  static Arm.Factory roundRobin() {
    return Control.of(fleet -> {
      List<String> names = names(fleet);
      int[] next = {0};
      return (request, facts) -> names.get(next[0]++ % names.size());
    });
  }

  /** Whatever should end first. */
  static Arm.Factory leastLatency() {
    return Control.of(fleet -> (request, facts) -> least(facts, each -> each.forecast().total()));
  }

  /** A step down the ladder of variants for every {@code queue} requests on the device. */
  static Arm.Factory queueThreshold(int queue) {
    return Control.of(fleet -> {
      List<String> names = names(fleet);
      return (request, facts) -> {
        int requests = 0;
        for (CandidateFacts each : facts.candidates()) {
          requests += each.running() + each.waiting();
        }
        // Per device, of which each holds every variant.
        int load = requests / fleet.devices().size();
        return names.get(Math.min(names.size() - 1, load / queue));
      };
    });
  }

  /** The best variant that meets the targets with {@code probability}, else the likeliest. */
  static Arm.Factory bestThatMeets(double probability) {
    return Control.of(fleet ->
        (request, facts) -> {
          CandidateFacts best = null;
          CandidateFacts likeliest = null;
          for (CandidateFacts each : facts.candidates()) {
            double meets = each.forecast().meets();
            if (meets >= probability && (best == null || quality(each) > quality(best))) {
              best = each;
            }
            if (likeliest == null || meets > likeliest.forecast().meets()) {
              likeliest = each;
            }
          }
          CandidateFacts chosen = best == null ? likeliest : best;
          return chosen == null ? null : chosen.variant();
        });
  }

  /**
   * Quality, cost, latency and load, the last three over the candidates' greatest (as RouteBalance,
   * arXiv 2606.17949).
   */
  static Arm.Factory weightedSum(double quality, double cost, double latency, double load) {
    return Control.of(fleet ->
        (request, facts) -> {
          List<CandidateFacts> all = facts.candidates();
          double work = greatest(all, each -> each.forecast().work());
          double total = greatest(all, each -> each.forecast().total());
          double used = greatest(all, each -> each.running() + each.waiting());
          return least(
              () -> all,
              each ->
                  -quality * quality(each)
                      + cost * each.forecast().work() / work
                      + latency * each.forecast().total() / total
                      + load * (each.running() + each.waiting()) / used);
        });
  }

  /**
   * The best variant whose work at the present arrival rate keeps the devices below {@code share}
   * busy (the idea of Proteus and InfAdapter). Knows the work from the profile.
   */
  static Arm.Factory fluid(double share, int promptTokens, int outputTokens) {
    return Control.of(fleet -> {
      double[] gap = {Double.NaN};
      long[] last = {0};
      return (request, facts) -> {
        double seconds = (request.arrivedNanos() - last[0]) / 1e9;
        boolean first = last[0] == 0;
        last[0] = request.arrivedNanos();
        if (!first) {
          double gain = 1 - Math.exp(-seconds / FLUID_MEMORY_SECONDS);
          double weight = Math.max(0.02, gain);
          gap[0] = Double.isNaN(gap[0]) ? seconds : gap[0] + weight * (seconds - gap[0]);
        }
        for (EngineProfile each : fleet.ladder()) {
          double work = each.steps().work(promptTokens, outputTokens, each.maxSequences());
          double busy = work / Math.max(1e-6, gap[0]) / fleet.devices().size();
          if (Double.isNaN(busy) || busy <= share) {
            return each.variant().name();
          }
        }
        return fleet.ladder().getLast().variant().name();
      };
    });
  }

  /** A variant for each class. */
  static Arm.Factory fixed(Map<String, String> variants) {
    return Control.of(fleet -> (request, facts) -> variants.get(request.serviceClass().name()));
  }

  /** A rung of the ladder for each arrival; {@link #REFUSE} refuses. */
  static Arm.Factory assigned(int[] rungs) {
    return Control.of(fleet -> {
      List<String> names = names(fleet);
      return (request, facts) -> {
        int rung = rungs[number(request)];
        return rung == REFUSE ? null : names.get(rung);
      };
    });
  }

  static final int REFUSE = -1;

  private static int number(RequestFacts request) {
    return Integer.parseInt(request.requestId().substring(SimulatedGateway.ID.length()));
  }

  static List<String> names(Fleet fleet) {
    return fleet.ladder().stream().map(each -> each.variant().name()).toList();
  }

  private static double quality(CandidateFacts candidate) {
    Double measured = candidate.quality();
    return measured == null ? 0 : measured;
  }

  private static double greatest(
      List<CandidateFacts> all, ToDoubleFunction<CandidateFacts> measure) {
    return Math.max(1e-9, all.stream().mapToDouble(measure).max().orElse(0));
  }

  private static @Nullable String least(
      Control.Facts facts, ToDoubleFunction<CandidateFacts> measure) {
    return facts.candidates().stream()
        .min(Comparator.comparingDouble(measure).thenComparing(CandidateFacts::engine))
        .map(CandidateFacts::variant)
        .orElse(null);
  }
}
