package dev.gearbox.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ProgressTest {
  /** Offsets with gaps, as compaction and transaction markers leave them. */
  private static List<Long> log(List<Integer> gaps) {
    List<Long> offsets = new ArrayList<>();
    long at = 1000;
    for (int gap : gaps) {
      at += gap;
      offsets.add(at);
    }
    return offsets;
  }

  @Property(tries = 300)
  void afterACrashExactlyWhatWasNotFinishedIsDoneAgain(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 1, max = 4) Integer> gaps,
      @ForAll @IntRange(max = 60) int finished,
      @ForAll long seed) {
    List<Long> offsets = log(gaps);
    Progress progress = new Progress(offsets.getFirst(), "");
    offsets.forEach(offset -> assertThat(progress.fetched(offset)).isTrue());
    List<Long> order = new ArrayList<>(offsets);
    Collections.shuffle(order, new Random(seed));
    Set<Long> done = new HashSet<>(order.subList(0, Math.min(finished, order.size())));
    done.forEach(progress::finish);

    Progress next = new Progress(progress.offset(), progress.metadata());
    Set<Long> again = new HashSet<>();
    for (long offset : offsets) {
      if (offset >= progress.offset() && next.fetched(offset)) {
        again.add(offset);
      }
    }

    Set<Long> left = new HashSet<>(offsets);
    left.removeAll(done);
    assertThat(again).isEqualTo(left);
    for (long offset : offsets) {
      assertThat(new Progress(progress.offset(), progress.metadata()).finished(offset))
          .isEqualTo(done.contains(offset));
    }
  }

  @Test
  void theCommittedOffsetIsThatOfTheOldestUnfinished() {
    Progress progress = new Progress(5, "");
    for (long offset = 5; offset < 9; offset++) {
      progress.fetched(offset);
    }
    progress.finish(7);
    assertThat(progress.offset()).isEqualTo(5);
    progress.finish(5);
    assertThat(progress.offset()).isEqualTo(6);
    progress.finish(6);
    assertThat(progress.offset()).isEqualTo(8);
    assertThat(progress.metadata()).isEmpty();
    progress.finish(8);
    assertThat(progress.offset()).isEqualTo(9);
  }

  @Test
  void whatAnotherProgramWroteIntoACommitSaysNothing() {
    assertThat(new Progress(5, "a note").fetched(5)).isTrue();
    assertThat(new Progress(5, "1:???").fetched(5)).isTrue();
  }

  @Test
  void theLongestSpanFitsIntoTheMetadataOfACommit() {
    Progress progress = new Progress(0, "");
    for (long offset = 0; offset < Progress.MAX_SPAN; offset++) {
      progress.fetched(offset);
    }
    for (long offset = 1; offset < Progress.MAX_SPAN; offset++) {
      progress.finish(offset);
    }
    assertThat(progress.metadata().length()).isLessThan(4096);
  }
}
