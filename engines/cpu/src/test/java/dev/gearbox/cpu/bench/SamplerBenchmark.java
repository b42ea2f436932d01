package dev.gearbox.cpu.bench;

import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.runtime.sample.SamplingBuffers;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Draws one token of a vocabulary of 49,152, normally spread logits, at temperature 0.8, top-p 0.95
 * and min-p 0.05: of the 40 likeliest as is the default, or of all.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx512m"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class SamplerBenchmark {
  private static final int VOCABULARY = 49_152;

  @Param({"40", "0"})
  public int topK = 40;

  private final float[] logits = logits();

  private static float[] logits() {
    SplittableRandom random = new SplittableRandom(1);
    float[] logits = new float[VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    return logits;
  }

  @Benchmark
  public int sample(Draws draws) {
    return draws.of(topK).sample(logits, 0, VOCABULARY);
  }

  /** A sampler for each top-k, made once. */
  @State(Scope.Thread)
  public static class Draws {
    private final SamplingBuffers buffers = new SamplingBuffers();
    private final Sampler some = new Sampler(spec(40), 1, new int[0], buffers);
    private final Sampler all = new Sampler(spec(0), 1, new int[0], buffers);

    Sampler of(int topK) {
      return topK > 0 ? some : all;
    }

    private static SamplingSpec spec(int topK) {
      return new SamplingSpec(0.8f, topK, 0.95f, 0.05f, 0, 0, 1, Map.of(), 1L, -1);
    }
  }
}
