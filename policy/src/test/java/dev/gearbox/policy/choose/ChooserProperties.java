package dev.gearbox.policy.choose;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class ChooserProperties {
  private static final ChoiceOptions OPTIONS = ChoiceOptions.DEFAULT;

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void theChoiceIsAPureFunction(@ForAll("tables") List<CandidateFacts> table, @ForAll long seed) {
    assertThat(Chooser.choose(question(table, seed, true), OPTIONS))
        .isEqualTo(Chooser.choose(question(table, seed, true), OPTIONS));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void theOrderOfTheTableDoesNotMatter(@ForAll("tables") List<CandidateFacts> table) {
    assertThat(Chooser.choose(question(table.reversed(), 1, false), OPTIONS))
        .isEqualTo(Chooser.choose(question(table, 1, false), OPTIONS));
  }

  @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
  void raisingTheWinnersChanceNeverMakesItLose(
      @ForAll("tables") List<CandidateFacts> table,
      @ForAll @DoubleRange(min = 0, max = 1) double by) {
    if (!(Chooser.choose(question(table, 1, false), OPTIONS) instanceof Choice.Picked before)) {
      return;
    }
    CandidateFacts winner = before.best().candidate();
    List<CandidateFacts> raised = new ArrayList<>(table);
    double meets = winner.forecast().meets();
    raised.replaceAll(each ->
        each.equals(winner) ? withMeets(each, Math.min(1, meets + by * (1 - meets))) : each);

    Choice after = Chooser.choose(question(raised, 1, false), OPTIONS);

    assertThat(after).isInstanceOf(Choice.Picked.class);
    assertThat(((Choice.Picked) after).best().candidate().engine()).isEqualTo(winner.engine());
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void aWorseCandidateMoreDoesNotChangeWhoWins(@ForAll("tables") List<CandidateFacts> table) {
    if (!(Chooser.choose(question(table, 1, false), OPTIONS) instanceof Choice.Picked before)) {
      return;
    }
    List<CandidateFacts> more = new ArrayList<>(table);
    more.add(candidate("zz", 0.1, 0, 100, 1));

    assertThat(((Choice.Picked) Chooser.choose(question(more, 1, false), OPTIONS)).best())
        .isEqualTo(before.best());
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void nothingIsPromisedBelowTheFloor(@ForAll("tables") List<CandidateFacts> table) {
    List<CandidateFacts> hopeless =
        table.stream().map(each -> withMeets(each, OPTIONS.meetsFloor() / 2)).toList();

    Choice choice = Chooser.choose(question(hopeless, 1, true), OPTIONS);

    assertThat(choice).isInstanceOf(Choice.Hopeless.class);
    double least = table.stream().mapToDouble(each -> each.forecast().work()).min().orElseThrow();
    assertThat(((Choice.Hopeless) choice).cheapest().candidate().forecast().work())
        .isEqualTo(least);
  }

  @Example
  void whoHarmsNobodyMayTryWithALittleChance() {
    CandidateFacts crowded = of("v", "crowded", 0.8, 0.4, 1, 0, 0, 1);
    CandidateFacts alone = of("v", "alone", 0.8, 0.1, 1, 0, 0, 0);
    CandidateFacts never = of("v", "never", 0.8, 0.01, 1, 0, 0, 0);

    assertThat(Chooser.choose(question(List.of(crowded), 1, false), OPTIONS))
        .isInstanceOf(Choice.Hopeless.class);
    assertThat(Chooser.choose(question(List.of(alone), 1, false), OPTIONS))
        .isInstanceOf(Choice.Picked.class);
    assertThat(Chooser.choose(question(List.of(never), 1, false), OPTIONS))
        .isInstanceOf(Choice.Hopeless.class);
  }

  @Example
  void onlyWhatEarnsWhatItTakesIsTried() {
    ChoiceOptions always = new ChoiceOptions(0.5, 0.5, 1);
    CandidateFacts best = of("small", "best", 0.7, 0.9, 1, 0.5);
    CandidateFacts worth = of("middle", "worth", 0.8, 0.9, 1.4, 0.5);
    CandidateFacts dear = of("large", "dear", 1, 0.9, 10, 0.5);

    for (long seed = 0; seed < 50; seed++) {
      Choice.Picked tried =
          (Choice.Picked) Chooser.choose(question(List.of(best, worth, dear), seed, true), always);
      assertThat(tried.explored()).isTrue();
      assertThat(tried.best().candidate().engine()).isEqualTo("worth");
      assertThat(Chooser.choose(question(List.of(best, dear), seed, true), always))
          .isEqualTo(Chooser.choose(question(List.of(best, dear), seed, false), always));
    }
  }

  @Property(tries = 300)
  void whoeverIsAsGoodAsTheBestOfItsVariantMayBePicked(
      @ForAll @Size(min = 1, max = 8) List<@DoubleRange(min = 0.5, max = 1) Double> chances,
      @ForAll long seed) {
    List<CandidateFacts> table = new ArrayList<>();
    for (double meets : chances) {
      table.add(of("same", "s" + table.size(), 0.8, meets, 1, 0));
      table.add(of("better", "b" + table.size(), 0.81, meets * 0.97, 1, 0));
    }
    Choice.Picked picked = (Choice.Picked) Chooser.choose(question(table, seed, false), OPTIONS);
    Scored best = picked.ranked().getFirst();

    assertThat(picked.best().candidate().variant()).isEqualTo(best.candidate().variant());
    assertThat(picked.best().score().total())
        .isGreaterThanOrEqualTo(best.score().total() - 0.02 * best.score().value());
    assertThat(picked.explored()).isFalse();
    assertThat(
            ((Choice.Picked) Chooser.choose(question(table, seed, false), OPTIONS.near(0))).best())
        .isEqualTo(best);
  }

  @Example
  void equalsAreTakenAlikeOften() {
    List<CandidateFacts> table = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      table.add(of("v", "e" + i, 0.8, 0.9 - 0.004 * i, 1, 0));
    }
    table.add(of("v", "far", 0.8, 0.85, 1, 0));
    table.add(of("other", "other", 0.8, 0.9, 0.5, 0));
    table.add(of("v", "cold", 0.8, 0.9, 1, 0));
    table.set(6, uncached(table.get(6)));
    Map<String, Integer> picked = new TreeMap<>();
    for (long seed = 0; seed < 4000; seed++) {
      Choice choice = Chooser.choose(question(table.subList(0, 5), seed, false), OPTIONS);
      picked.merge(((Choice.Picked) choice).best().candidate().engine(), 1, Integer::sum);
    }
    Choice tie = Chooser.choose(question(table.subList(0, 6), 1, false), OPTIONS);

    assertThat(picked).containsOnlyKeys("e0", "e1", "e2", "e3");
    assertThat(picked.values()).allMatch(count -> count > 900 && count < 1100);
    assertThat(((Choice.Picked) tie).best().candidate().engine())
        .as("equal scores of other variants: the lower work")
        .isEqualTo("other");
    for (long seed = 0; seed < 100; seed++) {
      List<CandidateFacts> two = List.of(table.get(0), table.get(6));
      Choice choice = Chooser.choose(question(two, seed, false), OPTIONS);
      assertThat(((Choice.Picked) choice).best().candidate().engine())
          .as("more of the prompt to compute is not equal")
          .isEqualTo("e0");
    }
  }

  @Property(tries = 300)
  void thePriceStaysBetweenNothingAndFiveTimesWhatASecondEarns(
      @ForAll List<@DoubleRange(min = 0, max = 50) Double> busy,
      @ForAll @DoubleRange(min = 0.01, max = 1000) double earned) {
    Price price = Price.FREE.earned(earned, 1);
    for (double each : busy) {
      price = price.next(each).earned(earned * each, 1);
      assertThat(price.lambda()).isBetween(0.0, 5 * price.kappa() + 1e-9);
    }
  }

  @Property(tries = 100)
  void thePriceRisesAboveTheGoalAndFallsBelowIt(
      @ForAll @DoubleRange(min = 0.71, max = 2) double over,
      @ForAll @DoubleRange(min = 0, max = 0.69) double under) {
    Price start = new Price(1, 1);

    assertThat(start.next(over).lambda()).isGreaterThan(1);
    assertThat(start.next(under).lambda()).isLessThan(1);
  }

  @Property(tries = 200)
  void theBoostIsBoundedAndMovesAgainstTheError(
      @ForAll @IntRange(min = 1, max = 2000) int requests,
      @ForAll @DoubleRange(min = 0.5, max = 0.99) double goal,
      @ForAll boolean met) {
    double boost = 0;
    for (int i = 0; i < requests; i++) {
      boost = Boost.next(boost, goal, met);
    }
    assertThat(boost).isBetween(0.0, 9.0);
    assertThat(boost > 0).isEqualTo(!met);
  }

  @Provide
  Arbitrary<List<CandidateFacts>> tables() {
    Arbitrary<Double> share = Arbitraries.doubles().between(0, 1).ofScale(2);
    Arbitrary<Double> work = Arbitraries.doubles().between(0.01, 20).ofScale(2);
    Arbitrary<Double> price = Arbitraries.doubles().between(0, 5).ofScale(2);
    return Combinators.combine(share, share, work, price)
        .as((quality, meets, w, p) -> candidate("e", quality, meets, w, p))
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(ChooserProperties::numbered);
  }

  private static List<CandidateFacts> numbered(List<CandidateFacts> table) {
    List<CandidateFacts> named = new ArrayList<>();
    for (CandidateFacts each : table) {
      Double quality = each.quality();
      named.add(
          candidate(
              "e" + named.size(),
              quality == null ? 0 : quality,
              each.forecast().meets(),
              each.forecast().work(),
              each.price()));
    }
    return named;
  }

  private static Question question(List<CandidateFacts> table, long seed, boolean explorable) {
    return new Question(table, Set.of(), 1, 1, 0.1, explorable, false, false, seed);
  }

  private static CandidateFacts withMeets(CandidateFacts each, double meets) {
    Double quality = each.quality();
    return candidate(
        each.engine(), quality == null ? 0 : quality, meets, each.forecast().work(), each.price());
  }

  private static CandidateFacts candidate(
      String engine, double quality, double meets, double work, double price) {
    return of(engine, engine, quality, meets, work, price);
  }

  private static CandidateFacts uncached(CandidateFacts each) {
    return of(each.variant(), each.engine(), 0.8, 0.9, 1.1, 0, 0, 1);
  }

  private static CandidateFacts of(
      String variant, String engine, double quality, double meets, double work, double price) {
    return of(variant, engine, quality, meets, work, price, 5, 1);
  }

  private static CandidateFacts of(
      String variant,
      String engine,
      double quality,
      double meets,
      double work,
      double price,
      int cached,
      int running) {
    return new CandidateFacts(
        engine,
        variant,
        "p",
        "d",
        EngineSignal.State.READY,
        0,
        quality,
        Set.of(),
        Set.of(),
        2048,
        10,
        cached,
        10,
        running,
        0,
        8,
        0,
        0,
        true,
        new Forecast(1, 1, 1, 1, 1, 1, 1, meets, meets, meets, work, 1, 0, 0, 0, 1, false),
        0,
        price,
        null);
  }
}
