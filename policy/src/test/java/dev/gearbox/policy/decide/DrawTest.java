package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DrawTest {
  private static final int MOST = 32;
  private static final ModelTable MODELS =
      new ModelTable(Map.of("auto", List.of(variant("small"), variant("large"))));

  @Test
  void fewEnginesAreAllLookedAt() {
    Roster.Family family = family(16, 0);

    assertThat(engines(Draw.of(family, 7, MOST))).isEqualTo(engines(family.seats()));
  }

  @Test
  void ofManyDevicesThatHoldTheSameSomeAreDrawnWithAllTheyHold() {
    List<Roster.Seat> drawn = Draw.of(family(100, 0), 7, MOST);

    assertThat(drawn).hasSize(Draw.DRAWN);
    Map<String, Long> byDevice =
        drawn.stream()
            .collect(Collectors.groupingBy(seat -> seat.device().id(), Collectors.counting()));
    assertThat(byDevice.values()).hasSize(Draw.DRAWN / 2).containsOnly(2L);
    assertThat(engines(drawn)).isSorted();
  }

  @Test
  void equalSeedsDrawTheSameAndOthersDoNot() {
    Roster.Family family = family(100, 0);

    assertThat(engines(Draw.of(family, 7, MOST))).isEqualTo(engines(Draw.of(family, 7, MOST)));
    assertThat(engines(Draw.of(family, 7, MOST))).isNotEqualTo(engines(Draw.of(family, 8, MOST)));
  }

  @Test
  void everyDeviceIsDrawnAsOften() {
    Roster.Family family = family(50, 0);
    Map<String, Integer> drawn = new HashMap<>();
    for (int seed = 0; seed < 2_000; seed++) {
      for (Roster.Seat seat : Draw.of(family, seed * 0x9E3779B97F4A7C15L, MOST)) {
        drawn.merge(seat.signal().engine(), 1, Integer::sum);
      }
    }

    assertThat(drawn).hasSize(100);
    assertThat(drawn.values()).allSatisfy(count -> assertThat(count).isBetween(240, 400));
  }

  @Test
  void whatIsNotReadyTakesNobodysPlace() {
    List<Roster.Seat> drawn = Draw.of(family(100, 60), 7, MOST);

    long ready =
        drawn.stream().filter(seat -> seat.signal().state() == EngineSignal.State.READY).count();
    assertThat(ready).isEqualTo(Draw.DRAWN);
  }

  private static List<String> engines(List<Roster.Seat> seats) {
    return seats.stream().map(seat -> seat.signal().engine()).toList();
  }

  /** Devices with two engines each, of which the first {@code failed} are gone. */
  private static Roster.Family family(int devices, int failed) {
    List<EngineSignal> signals = new ArrayList<>();
    for (String variant : List.of("large", "small")) {
      for (int i = 0; i < devices; i++) {
        var state = i < failed ? EngineSignal.State.FAILED : EngineSignal.State.READY;
        signals.add(
            new EngineSignal(
                "p/%s#%03d".formatted(variant, i),
                "p",
                variant,
                "d" + i,
                state,
                0,
                0,
                0,
                0,
                8,
                10,
                10,
                0));
      }
    }
    return new Roster(new Signals(0, signals, List.of()), MODELS).family("auto");
  }

  private static VariantFacts variant(String name) {
    return new VariantFacts(name, Set.of(), 0.5, 100, Set.of(Feature.CHAT), 1, 0);
  }
}
