package dev.gearbox.policy.predict;

import java.util.List;

/**
 * Everything that shares a device at one moment, worked out once for all that is asked about it:
 * how long each engine's next step is, and how long it goes on if nobody comes. Confined to its
 * decision.
 */
public final class DeviceLoad {
  private final EngineLoad[] loads;
  final StepModel[] models;

  /** Seconds of a decode step as each engine stands; 0 where it is idle. */
  final double[] step;

  /** Device-seconds until each has nothing left; 0 where it is idle. */
  final double[] left;

  /** Share of the device of each beside the others; 0 where it is idle. */
  final double[] weight;

  /** The moment, in monotonic nanoseconds. */
  final long now;

  private final double cycle;

  DeviceLoad(List<EngineLoad> engines, LatencyModel latency, int expectedTokens, long now) {
    this.now = now;
    int count = engines.size();
    loads = engines.toArray(new EngineLoad[0]);
    models = new StepModel[count];
    step = new double[count];
    left = new double[count];
    weight = new double[count];
    double turn = 0;
    for (int i = 0; i < count; i++) {
      EngineLoad load = loads[i];
      StepModel model = latency.model(load.engine(), load.parameterBytes());
      models[i] = model;
      if (load.busy()) {
        int batch = Math.min(load.maxSequences(), load.running() + load.waiting());
        turn += model.decode(batch, (double) load.contextTokens());
        step[i] = model.decode(load.running(), (double) load.contextTokens());
        weight[i] = load.weight();
        left[i] = LatencyModel.left(model, load, expectedTokens);
      }
    }
    cycle = turn;
  }

  /** Engines on the device. */
  public int size() {
    return loads.length;
  }

  /** What engine number {@code engine} carries. */
  public EngineLoad load(int engine) {
    return loads[engine];
  }

  /** Seconds that a turn of the device takes in which each of its busy engines makes a step. */
  public double cycle() {
    return cycle;
  }
}
