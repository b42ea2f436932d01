package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.DeviceShare;
import dev.gearbox.runtime.StepOrder.Contender;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepOrderTest {
  private static final long NEVER = Long.MAX_VALUE;

  private final StepOrder<String> order = new StepOrder<>();

  private String next(long dueA, long dueB, long now) {
    return order.next(List.of(new Contender<>("a", dueA, 10), new Contender<>("b", dueB, 10)), now);
  }

  @Test
  void letsTheOneGoThatIsDueFirst() {
    assertThat(next(115, 112, 100)).isEqualTo("b");
    assertThat(next(111, 112, 100)).isEqualTo("a");
    assertThat(next(NEVER, 112, 100)).isEqualTo("b");
  }

  @Test
  void isFairWhileNobodyIsPressed() {
    assertThat(next(NEVER, NEVER, 0)).isEqualTo("a");
    order.charge("a", 50, 1);
    assertThat(next(1_000, NEVER, 100)).isEqualTo("b");
    order.charge("b", 80, 1);
    assertThat(next(NEVER, NEVER, 100)).isEqualTo("a");
  }

  @Test
  void sharesTimeByWeight() {
    int stepsOfA = 0;
    for (int i = 0; i < 100; i++) {
      String chosen = next(NEVER, NEVER, 0);
      stepsOfA += chosen.equals("a") ? 1 : 0;
      order.charge(chosen, 10, DeviceShare.weight(chosen.equals("a"), 1, 8));
    }
    assertThat(stepsOfA).isBetween(76, 84);
  }

  @Test
  void isFairAmongSequencesNotEngines() {
    assertThat(DeviceShare.weight(true, 8, 8)).isEqualTo(8 * DeviceShare.weight(true, 1, 8));
    assertThat(DeviceShare.weight(true, 50, 8))
        .as("a batch")
        .isEqualTo(DeviceShare.weight(true, 8, 8));
    assertThat(DeviceShare.weight(true, 2, 8)).isEqualTo(4 * DeviceShare.weight(false, 2, 8));
  }

  @Test
  void owesNothingToWhoWasIdle() {
    for (int i = 0; i < 100; i++) {
      assertThat(order.next(List.of(new Contender<>("a", NEVER, 10)), 0)).isEqualTo("a");
      order.charge("a", 10, 1);
    }
    int stepsOfB = 0;
    for (int i = 0; i < 20; i++) {
      String chosen = next(NEVER, NEVER, 0);
      stepsOfB += chosen.equals("b") ? 1 : 0;
      order.charge(chosen, 10, 1);
    }
    assertThat(stepsOfB).isBetween(9, 12);
  }

  @Test
  void doesNotLetAnImpossiblePromiseStarveTheOthers() {
    int stepsOfB = 0;
    long step = 50_000_000;
    for (int i = 0; i < 100; i++) {
      // Due in the past, whatever is done.
      String chosen = next(0, NEVER, 1_000_000_000L + i);
      stepsOfB += chosen.equals("b") ? 1 : 0;
      order.charge(chosen, step, 1);
    }
    assertThat(stepsOfB).isBetween(40, 50);
  }
}
