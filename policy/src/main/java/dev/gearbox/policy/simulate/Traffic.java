package dev.gearbox.policy.simulate;

import dev.gearbox.policy.fact.ServiceClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes arrivals of a trace, or out of nothing. Equal seeds make equal arrivals.
 *
 * @param mix classes and their shares
 * @param lengths what becomes of a trace's lengths
 */
public record Traffic(List<Share> mix, Lengths lengths) {
  /** A class and its share of the requests; shares need not add up to one. */
  public record Share(ServiceClass serviceClass, double weight) {}

  /**
   * How a trace's lengths are fitted to a machine.
   *
   * @param prompt factor of prompts
   * @param output factor of answers
   * @param maxPrompt tokens of a prompt at most
   * @param maxOutput tokens of an answer at most
   */
  public record Lengths(double prompt, double output, int maxPrompt, int maxOutput) {
    public static final Lengths AS_THEY_ARE = new Lengths(1, 1, 1 << 20, 1 << 20);

    public Lengths {
      if (!(prompt > 0) || !(output > 0) || maxPrompt < 1 || maxOutput < 1) {
        throw new IllegalArgumentException("lengths need factors above 0 and limits of 1 or more");
      }
    }

    int promptTokens(int traced) {
      return fit(traced * prompt, maxPrompt);
    }

    int outputTokens(int traced) {
      return fit(traced * output, maxOutput);
    }

    private static int fit(double tokens, int most) {
      return (int) Math.max(1, Math.min(most, Math.round(tokens)));
    }
  }

  public Traffic {
    mix = List.copyOf(mix);
    if (mix.isEmpty() || mix.stream().anyMatch(share -> !(share.weight() > 0))) {
      throw new IllegalArgumentException("traffic needs classes with weights above 0");
    }
  }

  /**
   * The trace from a random place on and round again, thinned at random to {@code rate}. Where the
   * trace is slower than that, copies from several places are laid over each other, which smooths
   * its bursts.
   *
   * @param stretch how much slower time goes than in the trace, before thinning
   */
  public List<Arrival> of(Trace trace, double rate, double stretch, double seconds, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double traced = trace.rate() / stretch;
    int copies = (int) Math.max(1, Math.ceil(rate / traced));
    double keep = rate / (traced * copies);
    double length = trace.seconds() * stretch * (1 + 1.0 / trace.rows().size());
    double first = trace.rows().getFirst().seconds();
    List<Seed> seeds = new ArrayList<>();
    for (int copy = 0; copy < copies; copy++) {
      double from = random.nextDouble() * length;
      for (double lap = 0; lap - from < seconds; lap += length) {
        for (Trace.Row row : trace.rows()) {
          double at = lap + (row.seconds() - first) * stretch - from;
          if (at >= 0 && at < seconds && random.nextDouble() < keep) {
            int prompt = lengths.promptTokens(row.promptTokens());
            int output = lengths.outputTokens(row.outputTokens());
            seeds.add(new Seed(at, prompt, output, row.blocks()));
          }
        }
      }
    }
    return arrivals(seeds, random);
  }

  /**
   * Independent gaps with a Gamma distribution and lengths with a log-normal one.
   *
   * @param burstiness coefficient of variation of the gaps: 1 is a Poisson process
   */
  public List<Arrival> synthetic(
      Synthetic lengthsOf, double rate, double burstiness, double seconds, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double shape = 1 / (burstiness * burstiness);
    List<Seed> seeds = new ArrayList<>();
    double at = gamma(shape, random) / (shape * rate);
    while (at < seconds) {
      int prompt = lengths.promptTokens(lengthsOf.prompt(random));
      int output = lengths.outputTokens(lengthsOf.output(random));
      seeds.add(new Seed(at, prompt, output, List.of()));
      at += gamma(shape, random) / (shape * rate);
    }
    return arrivals(seeds, random);
  }

  /**
   * Log-normal lengths.
   *
   * @param promptMedian tokens
   * @param promptSpread standard deviation of the logarithm
   * @param outputMedian tokens
   * @param outputSpread standard deviation of the logarithm
   */
  public record Synthetic(
      int promptMedian, double promptSpread, int outputMedian, double outputSpread) {
    int prompt(SplittableRandom random) {
      return draw(promptMedian, promptSpread, random);
    }

    int output(SplittableRandom random) {
      return draw(outputMedian, outputSpread, random);
    }

    private static int draw(int median, double spread, SplittableRandom random) {
      double tokens = median * Math.exp(spread * random.nextGaussian());
      return (int) Math.max(1, Math.min(1 << 20, Math.round(tokens)));
    }
  }

  private record Seed(double seconds, int prompt, int output, List<Long> blocks) {}

  private List<Arrival> arrivals(List<Seed> seeds, SplittableRandom random) {
    seeds.sort(Comparator.comparingDouble(Seed::seconds));
    List<Arrival> arrivals = new ArrayList<>(seeds.size());
    for (Seed each : seeds) {
      long nanos = (long) (each.seconds * 1e9);
      arrivals.add(
          new Arrival(arrivals.size(), nanos, draw(random), each.prompt, each.output, each.blocks));
    }
    return arrivals;
  }

  private ServiceClass draw(SplittableRandom random) {
    double left = random.nextDouble() * mix.stream().mapToDouble(Share::weight).sum();
    for (Share share : mix) {
      left -= share.weight;
      if (left < 0) {
        return share.serviceClass;
      }
    }
    return mix.getLast().serviceClass;
  }

  /** Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
  static double gamma(double shape, SplittableRandom random) {
    if (shape < 1) {
      return gamma(shape + 1, random) * Math.pow(random.nextDouble(), 1 / shape);
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = Math.pow(1 + c * x, 3);
      if (v > 0 && Math.log(1 - random.nextDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }
}
