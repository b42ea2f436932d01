package dev.gearbox.runtime.speculate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class PromptLookupTest {
  private static int[] propose(int most, int... text) {
    int[] tokens = Arrays.copyOf(text, text.length + most);
    int found = PromptLookup.propose(tokens, text.length, most, PromptLookup.SHORT);
    assertThat(tokens).startsWith(text);
    return Arrays.copyOfRange(tokens, text.length, text.length + found);
  }

  @Test
  void goesOnAsTheTextDidBefore() {
    assertThat(propose(3, 1, 2, 3, 4, 5, 9, 1, 2)).containsExactly(3, 4, 5);
  }

  @Test
  void prefersTheLongestOccurrenceAndTheLatestAmongEquals() {
    assertThat(propose(1, 7, 1, 2, 50, 8, 1, 2, 60, 7, 1, 2)).containsExactly(50);
    assertThat(propose(1, 7, 1, 2, 50, 8, 1, 2, 60, 9, 1, 2)).containsExactly(60);
  }

  @Test
  void repeatsAShortPeriodBeyondItsEnd() {
    assertThat(propose(5, 4, 5, 4, 5)).containsExactly(4, 5, 4, 5, 4);
    assertThat(propose(3, 6, 6, 6)).containsExactly(6, 6, 6);
  }

  @Test
  void guessesNothingWhereTheLastTokensAreNew() {
    assertThat(propose(4, 1, 2, 3, 4)).isEmpty();
    assertThat(propose(4, 1, 2, 3, 2)).isEmpty();
    assertThat(propose(4, 1)).isEmpty();
    assertThat(propose(4, 1, 1)).isEmpty();
  }

  @Test
  void asksForAsMuchInCommonAsItIsTold() {
    int[] tokens = {1, 2, 3, 4, 5, 9, 1, 2, 3, 0, 0};
    assertThat(PromptLookup.propose(tokens, 9, 2, 4)).isZero();
    assertThat(PromptLookup.propose(tokens, 9, 2, 3)).isEqualTo(2);
    assertThat(tokens).endsWith(4, 5);
  }
}
