package dev.gearbox.runtime.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenEvent.Alternative;
import dev.gearbox.engine.TokenEvent.Logprob;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

final class SamplerTest {
  private static final float[] LOGITS = {1, 3, 2, 0, -1};

  private static SamplingSpec spec(float temperature, int topK, float topP, float minP) {
    return new SamplingSpec(temperature, topK, topP, minP, 0, 0, 1, Map.of(), 1L, -1);
  }

  private static SamplingSpec penalties(float presence, float frequency, float repetition) {
    return new SamplingSpec(0, 0, 1, 0, presence, frequency, repetition, Map.of(), null, -1);
  }

  private static Set<Integer> drawn(SamplingSpec spec, float[] logits) {
    Sampler sampler = new Sampler(spec, 0, new int[0], new SamplingBuffers());
    Set<Integer> tokens = new TreeSet<>();
    for (int i = 0; i < 2000; i++) {
      tokens.add(sampler.sample(logits, 0, logits.length));
    }
    return tokens;
  }

  private static Sampler greedy(SamplingSpec spec, int... prompt) {
    return new Sampler(spec, 0, prompt, new SamplingBuffers());
  }

  @Test
  void takesTheLikeliestAtTemperatureZeroAndTheLowerIdOnATie() {
    assertThat(greedy(SamplingSpec.GREEDY).sample(LOGITS, 0, 5)).isEqualTo(1);
    assertThat(greedy(SamplingSpec.GREEDY).sample(new float[] {2, 5, 5}, 0, 3)).isEqualTo(1);
  }

  @Test
  void readsItsOwnRow() {
    float[] rows = {9, 0, 0, 0, 0, 7};
    assertThat(greedy(SamplingSpec.GREEDY).sample(rows, 3, 3)).isEqualTo(2);
  }

  @Test
  void keepsTheTopK() {
    assertThat(drawn(spec(2, 2, 1, 0), LOGITS)).containsExactly(1, 2);
    assertThat(drawn(spec(2, 1, 1, 0), LOGITS)).containsExactly(1);
    assertThat(drawn(spec(2, 1_000_000, 1, 0), LOGITS)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void keepsTheSmallestSetThatReachesTopP() {
    float[] logits = {(float) Math.log(.5), (float) Math.log(.3), (float) Math.log(.2)};
    assertThat(drawn(spec(1, 0, .5f, 0), logits)).containsExactly(0);
    assertThat(drawn(spec(1, 0, .6f, 0), logits)).containsExactly(0, 1);
    assertThat(drawn(spec(1, 0, 1, 0), logits)).containsExactly(0, 1, 2);
    assertThat(drawn(spec(1, 0, 1e-9f, 0), logits)).containsExactly(0);
  }

  @Test
  void measuresTopPOnWhatTopKLeft() {
    float[] logits = {(float) Math.log(.4), (float) Math.log(.3), (float) Math.log(.3)};
    // Of the two that are left the first has 4/7 of the mass.
    assertThat(drawn(spec(1, 2, .55f, 0), logits)).containsExactly(0);
    assertThat(drawn(spec(1, 0, .55f, 0), logits)).containsExactly(0, 1);
  }

  @Test
  void dropsWhatIsLessLikelyThanMinPOfTheLikeliest() {
    float[] logits = {(float) Math.log(.5), (float) Math.log(.3), (float) Math.log(.2)};
    assertThat(drawn(spec(1, 0, 1, .5f), logits)).containsExactly(0, 1);
    assertThat(drawn(spec(1, 0, 1, 1), logits)).containsExactly(0);
  }

  @Test
  void appliesTemperatureBeforeMinP() {
    float[] logits = {(float) Math.log(.5), (float) Math.log(.3), (float) Math.log(.2)};
    assertThat(drawn(spec(2, 0, 1, .6f), logits)).containsExactly(0, 1, 2);
  }

  @Test
  void followsTheDistribution() {
    float[] logits = {(float) Math.log(.7), (float) Math.log(.2), (float) Math.log(.1)};
    Sampler sampler = new Sampler(spec(1, 0, 1, 0), 0, new int[0], new SamplingBuffers());
    int[] counts = new int[3];
    int draws = 20_000;
    for (int i = 0; i < draws; i++) {
      counts[sampler.sample(logits, 0, 3)]++;
    }
    assertThat(counts[0] / (double) draws).isCloseTo(.7, within(.02));
    assertThat(counts[2] / (double) draws).isCloseTo(.1, within(.02));
  }

  @Test
  void addsLogitBiasAndIgnoresUnknownTokens() {
    SamplingSpec spec =
        new SamplingSpec(
            0, 0, 1, 0, 0, 0, 1, Map.of(1, -100f, 3, 100f, 99, 100f, -1, 100f), null, -1);
    assertThat(greedy(spec).sample(LOGITS, 0, 5)).isEqualTo(3);
  }

  @Test
  void penalizesPresenceOnceAndFrequencyEachTime() {
    Sampler presence = greedy(penalties(1.5f, 0, 1));
    assertThat(presence.sample(LOGITS, 0, 5)).isEqualTo(1);
    // 3 − 1.5 < 2, then 2 − 1.5 and 3 − 1.5: the first is the likeliest again, and stays.
    assertThat(presence.sample(LOGITS, 0, 5)).isEqualTo(2);
    assertThat(presence.sample(LOGITS, 0, 5)).isEqualTo(1);
    assertThat(presence.sample(LOGITS, 0, 5)).isEqualTo(1);
    Sampler frequency = greedy(penalties(0, 2, 1));
    assertThat(frequency.sample(LOGITS, 0, 5)).isEqualTo(1);
    assertThat(frequency.sample(LOGITS, 0, 5)).isEqualTo(2);
    assertThat(frequency.sample(LOGITS, 0, 5)).isZero();
    // 1, 0, −1: each was taken once, the tie with token 1 (3 − 2 = 1) goes to it.
    assertThat(frequency.sample(LOGITS, 0, 5)).isEqualTo(1);
  }

  @Test
  void penalizesRepetitionOfThePromptTooWhicheverTheSign() {
    assertThat(greedy(penalties(0, 0, 2), 1).sample(LOGITS, 0, 5)).isEqualTo(2);
    float[] negative = {-1.5f, -1, -3};
    assertThat(greedy(penalties(0, 0, 2), 1).sample(negative, 0, 3)).isZero();
    assertThat(greedy(penalties(1, 1, 1), 1).sample(LOGITS, 0, 5)).isEqualTo(1);
  }

  @Test
  void leavesTheLogitsAsTheyWere() {
    float[] logits = LOGITS.clone();
    greedy(penalties(2, 2, 2), 1).sample(logits, 0, 5);
    assertThat(logits).isEqualTo(LOGITS);
  }

  @Test
  void neverPicksNaNOrMinusInfinityAndSaysWhenNothingIsLeft() {
    float[] logits = {Float.NaN, Float.NEGATIVE_INFINITY, -5};
    assertThat(drawn(spec(1, 0, 1, 0), logits)).containsExactly(2);
    assertThat(greedy(SamplingSpec.GREEDY).sample(logits, 0, 3)).isEqualTo(2);
    assertThatThrownBy(() -> greedy(SamplingSpec.GREEDY).sample(logits, 0, 2))
        .isInstanceOf(IllegalStateException.class);
  }

  @Property(tries = 200)
  void selectsExactlyWhatSortingWouldSelect(
      @ForAll int seed,
      @ForAll @IntRange(min = 1, max = 40) int k,
      @ForAll @IntRange(min = 1, max = 100) int percent) {
    Random random = new Random(seed);
    float[] logits = new float[60];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = random.nextInt(12) / 2f;
    }
    int likeliest = Sampler.argmax(logits, 0, logits.length);
    Candidates candidates = new Candidates();
    candidates.fill(logits, 0, logits.length, likeliest, 1, -30);
    candidates.keepTop(k);
    int[] top = ranked(logits, k);
    assertThat(candidates.tokens()).containsExactlyInAnyOrder(box(top));
    candidates.keepMass(percent / 100.0);
    double total = 0;
    for (int token : top) {
      total += Math.exp(logits[token] - logits[likeliest]);
    }
    double mass = 0;
    int kept = 0;
    while (kept < k && mass < percent / 100.0 * total - 1e-9) {
      mass += Math.exp(logits[top[kept++]] - logits[likeliest]);
    }
    assertThat(candidates.tokens()).contains(box(Arrays.copyOf(top, kept)));
    assertThat(candidates.tokens().length).isBetween(kept, kept + 1);
  }

  private static Integer[] box(int[] values) {
    return Arrays.stream(values).boxed().toArray(Integer[]::new);
  }

  @Property(tries = 500)
  void drawsFromTheLikeliestAloneWhatItDrawsFromAll(
      @ForAll @IntRange(min = 0, max = 12) int topK,
      @ForAll @IntRange(min = 0, max = 2) int temperature,
      @ForAll @IntRange(min = 1, max = 100) int percent,
      @ForAll @IntRange(min = 1, max = 30) int vocabulary,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] logits = new float[vocabulary];
    for (int i = 0; i < vocabulary; i++) {
      // Few values, so that many tie, and now and then none.
      int value = random.nextInt(9);
      logits[i] = value == 8 && i > 0 ? Float.NEGATIVE_INFINITY : value * 4;
    }
    SamplingSpec spec =
        new SamplingSpec(
            temperature,
            topK,
            percent / 100f,
            random.nextInt(3) / 10f,
            0,
            0,
            1,
            Map.of(),
            seed,
            -1);
    Sampler ofRow = new Sampler(spec, 0, new int[0], new SamplingBuffers());
    SplittableRandom ofAll = new SplittableRandom(seed);
    Sampler ofFew = new Sampler(spec, 0, new int[0], new SamplingBuffers());
    int width = ofFew.looksAt();
    if (width == 0) {
      assertThat(temperature > 0 && topK == 0).isTrue();
      return;
    }
    Likeliest few = new Likeliest();
    few.begin(2, width + 1);
    int[] order = ranked(logits, vocabulary);
    for (int i = 0; i <= width; i++) {
      boolean some = i < order.length && logits[order[i]] > Float.NEGATIVE_INFINITY;
      few.put(1, i, some ? order[i] : -1, some ? logits[order[i]] : 0);
    }
    for (int i = 0; i < 20; i++) {
      int expected = temperature == 0 ? order[0] : draw(logits, spec, ofAll);
      assertThat(ofFew.sample(few, 1)).isEqualTo(expected);
      assertThat(ofRow.sample(logits, 0, vocabulary)).isEqualTo(expected);
    }
  }

  /** A draw for which all tokens are weighed. */
  private static int draw(float[] logits, SamplingSpec spec, SplittableRandom random) {
    Candidates candidates = new Candidates();
    int likeliest = Sampler.argmax(logits, 0, logits.length);
    candidates.fill(logits, 0, logits.length, likeliest, spec.temperature(), -30);
    candidates.keepTop(spec.topK());
    if (spec.topP() < 1) {
      candidates.keepMass(spec.topP());
    }
    if (spec.minP() > 0) {
      candidates.keepAbove(spec.minP());
    }
    return candidates.pick(random.nextDouble());
  }

  /** The {@code count} likeliest, largest first, equal ones by id. */
  private static int[] ranked(float[] logits, int count) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.<Integer>comparingDouble(id -> -logits[id]).thenComparing(id -> id))
        .limit(count)
        .mapToInt(id -> id)
        .toArray();
  }

  @Test
  void looksAtEverythingWhereTheLikeliestDoNotSuffice() {
    assertThat(greedy(SamplingSpec.GREEDY).looksAt()).isEqualTo(1);
    assertThat(greedy(spec(1, 40, .9f, .1f)).looksAt()).isEqualTo(41);
    assertThat(greedy(spec(1, 0, .9f, .1f)).looksAt()).isZero();
    assertThat(greedy(penalties(1, 0, 1)).looksAt()).isZero();
    SamplingSpec biased = new SamplingSpec(0, 0, 1, 0, 0, 0, 1, Map.of(3, 1f), 1L, -1);
    assertThat(greedy(biased).looksAt()).isZero();
    SamplingSpec logprobs = new SamplingSpec(0, 0, 1, 0, 0, 0, 1, Map.of(), 1L, 2);
    assertThat(greedy(logprobs).looksAt()).isZero();
  }

  @Test
  void reportsTheModelsOwnDistribution() {
    float[] logits = {(float) Math.log(.5), (float) Math.log(.3), (float) Math.log(.2)};
    Logprob logprob = Logprobs.of(logits, 0, 3, 2, 2, id -> "t" + id);
    assertThat(logprob.value()).isCloseTo(Math.log(.2), within(1e-6));
    assertThat(logprob.top().stream().map(Alternative::text)).containsExactly("t0", "t1");
    assertThat(logprob.top().get(1).value()).isCloseTo(Math.log(.3), within(1e-6));
    assertThat(Logprobs.of(logits, 0, 3, 0, 20, id -> "").top()).hasSize(3);
    assertThat(Logprobs.of(logits, 0, 3, 0, 0, id -> "").top()).isEmpty();
  }
}
