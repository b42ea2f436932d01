package dev.gearbox.policy.simulate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Gives every control that has knobs its best ones on the tuning traffic. */
final class Tuner {
  private static final int[] QUEUES = {1, 2, 4, 8};
  private static final double[] PROBABILITIES = {0.5, 0.8, 0.95, 0.99};
  private static final double[] SHARES = {0.1, 0.2, 0.3, 0.5, 0.7};

  /** Quality, cost, latency and load. */
  private static final double[][] WEIGHTS = {
    {1, 0, 0.25, 0.25}, {1, 0.25, 0.25, 0.25}, {1, 0, 0.5, 0}, {0.5, 0.5, 0.5, 0.5}, {1, 0, 1, 1}
  };

  private final ToDoubleFunction<Arm.Factory> score;
  private final Map<String, String> knobs = new LinkedHashMap<>();

  Tuner(ToDoubleFunction<Arm.Factory> score) {
    this.score = score;
  }

  /** What was chosen, by control. */
  Map<String, String> knobs() {
    return knobs;
  }

  /** The controls that have knobs; lengths are means, for the fluid one. */
  Map<String, Arm.Factory> tune(int promptTokens, int outputTokens) {
    Map<String, Arm.Factory> queues = new LinkedHashMap<>();
    for (int queue : QUEUES) {
      queues.put(queue + " requests a rung", Controls.queueThreshold(queue));
    }
    Map<String, Arm.Factory> meets = new LinkedHashMap<>();
    for (double probability : PROBABILITIES) {
      meets.put("P >= " + probability, Controls.bestThatMeets(probability));
    }
    Map<String, Arm.Factory> sums = new LinkedHashMap<>();
    for (double[] w : WEIGHTS) {
      String name = "quality %s, cost %s, latency %s, load %s".formatted(w[0], w[1], w[2], w[3]);
      sums.put(name, Controls.weightedSum(w[0], w[1], w[2], w[3]));
    }
    Map<String, Arm.Factory> fluids = new LinkedHashMap<>();
    for (double share : SHARES) {
      fluids.put("busy <= " + share, Controls.fluid(share, promptTokens, outputTokens));
    }
    Map<String, Arm.Factory> tuned = new LinkedHashMap<>();
    tuned.put("queue-threshold", best("queue-threshold", queues));
    tuned.put("best-that-meets", best("best-that-meets", meets));
    tuned.put("weighted-sum", best("weighted-sum", sums));
    tuned.put("fluid", best("fluid", fluids));
    return tuned;
  }

  private Arm.Factory best(String control, Map<String, Arm.Factory> settings) {
    String best = "";
    double most = Double.NEGATIVE_INFINITY;
    for (Map.Entry<String, Arm.Factory> each : settings.entrySet()) {
      double points = score.applyAsDouble(each.getValue());
      if (points > most) {
        most = points;
        best = each.getKey();
      }
    }
    knobs.put(control, best);
    return settings.getOrDefault(best, Controls.smallestOnly());
  }
}
