package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.policy.predict.StepPrior;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.workshop.LatencyLedger.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What steps of a variant take on this machine: decode over batch and context, prefill over length
 * and context.
 *
 * @param steps the medians
 */
record StepTimes(List<Step> steps) {
  private static final int BATCH = 8;
  private static final int PROMPT = 256;
  private static final int CONTEXT = 512;

  /** Steps of one look at a batch. */
  private static final int GENERATED = 8;

  /** Measured until the machine is warm: a sequence, a batch, a prompt. */
  private static final List<Step> FIRST =
      List.of(decode(1, 0), decode(BATCH, 0), prefill(PROMPT, 0));

  private static final List<Step> THEN =
      List.of(
          decode(BATCH / 2, 0),
          decode(1, CONTEXT),
          decode(BATCH, CONTEXT),
          prefill(PROMPT / 4, 0),
          prefill(PROMPT, CONTEXT));

  /** Rounds of which the median counts. */
  private static final int COUNTED = 5;

  private static final int LEAST_ROUNDS = 2 * COUNTED;

  /** Share of the time before, below which a machine still warms up. */
  private static final double STEADY = 0.97;

  private static final Duration LONGEST = Duration.ofMinutes(1);

  private static Step decode(int sequences, int context) {
    return new Step(sequences, context, 0, 0, 0);
  }

  private static Step prefill(int prompt, int before) {
    return new Step(0, 0, prompt, before, 0);
  }

  /** Loads the weights and measures their steps when warm. */
  static StepTimes measure(Path weights, int workers) throws IOException {
    try (CpuWorkers pool = new CpuWorkers(workers);
        GgufFile gguf = GgufFile.open(weights);
        ModelRunner runner = CpuModel.load(gguf, pool)) {
      Steps steps = new Steps(runner, CONTEXT + PROMPT, GENERATED, 0, BATCH);
      List<double[]> rounds = new ArrayList<>();
      long until = System.nanoTime() + LONGEST.toNanos();
      while (rounds.size() < LEAST_ROUNDS || (!isSteady(rounds) && System.nanoTime() < until)) {
        rounds.add(round(FIRST, steps));
      }
      List<Step> measured = new ArrayList<>(medians(FIRST, rounds));
      List<double[]> more = new ArrayList<>();
      for (int i = 0; i < COUNTED; i++) {
        more.add(round(THEN, steps));
      }
      measured.addAll(medians(THEN, more));
      return new StepTimes(measured);
    }
  }

  /** Seconds of a step of each. */
  private static double[] round(List<Step> asked, Steps steps) {
    return asked.stream()
        .mapToDouble(step ->
            step.prompt() > 0
                ? step.prompt() / steps.prefill(step.before(), step.prompt())
                : step.sequences() / steps.decode(step.sequences(), step.context(), GENERATED))
        .toArray();
  }

  private static List<Step> medians(List<Step> asked, List<double[]> rounds) {
    List<Step> measured = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      Step step = asked.get(i);
      measured.add(
          new Step(
              step.sequences(), step.context(), step.prompt(), step.before(), median(rounds, i)));
    }
    return measured;
  }

  /**
   * Whether the last rounds were no faster than those before. A young virtual machine runs kernels
   * many times slower than it will, and compiles them at its leisure.
   */
  private static boolean isSteady(List<double[]> rounds) {
    List<double[]> before = rounds.subList(rounds.size() - 2 * COUNTED, rounds.size() - COUNTED);
    for (int i = 0; i < FIRST.size(); i++) {
      if (median(rounds, i) < STEADY * median(before, i)) {
        return false;
      }
    }
    return true;
  }

  /** Median of the last rounds that count. */
  private static double median(List<double[]> rounds, int column) {
    return rounds.subList(rounds.size() - COUNTED, rounds.size()).stream()
        .mapToDouble(round -> round[column])
        .sorted()
        .skip(COUNTED / 2)
        .findFirst()
        .orElseThrow();
  }

  /** The line through them. */
  StepPrior line() {
    return StepPrior.fitted(steps.stream().map(Step::told).toList());
  }
}
