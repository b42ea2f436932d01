package dev.gearbox.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlotCountsTest {
  private final SlotCounts counts = new SlotCounts(3, 10);

  @Test
  void slotsGrowOldAndLeaveAsAWhole() {
    counts.add("met", 1, 5);
    counts.add("met", 2, 9);
    counts.add("missed", 7, 12);

    assertThat(counts.series(19)).containsOnlyKeys("met", "missed");
    assertThat(counts.series(19).get("met")).containsExactly(0, 3, 0);
    assertThat(counts.series(19).get("missed")).containsExactly(0, 0, 7);
    assertThat(counts.series(29).get("met")).containsExactly(3, 0, 0);
    assertThat(counts.sums(30)).containsOnlyKeys("missed").containsEntry("missed", 7L);
    assertThat(counts.sums(1_000_000)).isEmpty();
  }

  @Test
  void whatIsToldLateCountsInTheNewestSlot() {
    counts.add("met", 1, 25);
    counts.add("met", 1, 3);

    assertThat(counts.series(25).get("met")).containsExactly(0, 0, 2);
  }
}
