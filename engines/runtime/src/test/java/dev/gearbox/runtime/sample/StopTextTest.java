package dev.gearbox.runtime.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

final class StopTextTest {
  @Test
  void holdsBackWhatMayBecomeAStopString() {
    StopText text = new StopText(List.of("</end>"));
    assertThat(text.append("one <")).isEqualTo("one ");
    assertThat(text.append("/e")).isEmpty();
    assertThat(text.append("x")).isEqualTo("</ex");
    assertThat(text.flush()).isEmpty();
  }

  @Test
  void neverEmitsPartOfAStopStringAcrossPieces() {
    StopText text = new StopText(List.of("STOP"));
    assertThat(text.append("go S")).isEqualTo("go ");
    assertThat(text.append("TO")).isEmpty();
    assertThat(text.append("P and more")).isEmpty();
    assertThat(text.stopped()).isTrue();
    assertThat(text.append("nothing")).isEmpty();
    assertThat(text.flush()).isEmpty();
  }

  @Test
  void handsOutWhatItHeldWhenTheAnswerEnds() {
    StopText text = new StopText(List.of("abc"));
    assertThat(text.append("xab")).isEqualTo("x");
    assertThat(text.flush()).isEqualTo("ab");
    assertThat(text.stopped()).isFalse();
  }

  @Test
  void stopsAtTheStringThatIsCompleteFirst() {
    StopText text = new StopText(List.of("bcde", "c"));
    assertThat(text.append("abcde")).isEqualTo("ab");
    assertThat(text.stopped()).isTrue();
  }

  @Test
  void passesEverythingWithoutStopStrings() {
    StopText text = new StopText(List.of());
    assertThat(text.append("anything")).isEqualTo("anything");
    assertThat(text.flush()).isEmpty();
  }

  @Property
  void givesTheSameTextHoweverItIsCut(
      @ForAll @Size(max = 12)
          List<@StringLength(max = 4) @CharRange(from = 'a', to = 'c') String> pieces,
      @ForAll @Size(max = 3)
          List<@StringLength(min = 1, max = 4) @CharRange(from = 'a', to = 'c') String> stops) {
    StopText cut = new StopText(stops);
    StopText whole = new StopText(stops);
    StringBuilder out = new StringBuilder();
    for (String piece : pieces) {
      out.append(cut.append(piece));
    }
    out.append(cut.flush());
    String expected = whole.append(String.join("", pieces)) + whole.flush();
    assertThat(out.toString()).isEqualTo(expected);
    assertThat(cut.stopped()).isEqualTo(whole.stopped());
    for (String stop : stops) {
      assertThat(out.toString()).doesNotContain(stop);
    }
  }
}
