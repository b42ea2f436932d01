package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BookingsTest {
  private static final long SECOND = 1_000_000_000L;

  private final Bookings bookings = new Bookings();

  @Test
  void drainsAtThePredictedRate() {
    bookings.book("r", "e", 1000, 2, 0);

    assertThat(bookings.pending("e", 0, 0)).isEqualTo(new Bookings.Sum(1, 1000));
    assertThat(bookings.pending("e", 0, SECOND)).isEqualTo(new Bookings.Sum(1, 500));
    assertThat(bookings.pending("e", 0, 3 * SECOND)).isEqualTo(new Bookings.Sum(1, 0));
  }

  @Test
  void isDroppedByTheFirstSignalAfterItsEngineGotTheRequest() {
    bookings.book("r", "e", 1000, 2, SECOND);

    assertThat(bookings.pending("e", 2 * SECOND, 2 * SECOND).requests()).isEqualTo(1);
    bookings.submitted("r", 3 * SECOND);
    bookings.submitted("nobody", 3 * SECOND);
    assertThat(bookings.pending("e", 3 * SECOND, 3 * SECOND).requests()).isEqualTo(1);
    assertThat(bookings.pending("e", 3 * SECOND + 1, 3 * SECOND + 1).requests()).isZero();
    assertThat(bookings.size()).isZero();
  }

  @Test
  void isDroppedWhenTheRequestEnds() {
    bookings.book("r", "e", 1000, 2, 0);
    bookings.release("r");
    bookings.release("r");

    assertThat(bookings.pending("e", 0, 0)).isEqualTo(Bookings.Sum.NONE);
  }

  @Test
  void anEngineThatNeverSpeaksDoesNotKeepItsBookingsForever() {
    bookings.book("r", "e", 1000, 2, 0);

    assertThat(bookings.pending("e", 0, 31 * SECOND)).isEqualTo(Bookings.Sum.NONE);
    assertThat(bookings.size()).isZero();
  }

  @Property(tries = 200)
  void whateverIsBookedDrainsToNothing(
      @ForAll @Size(max = 50) int[] tokens, @ForAll @IntRange(min = 0, max = 60) int drain) {
    Bookings many = new Bookings();
    for (int i = 0; i < tokens.length; i++) {
      many.book("r" + i % 20, "e" + i % 3, tokens[i] & 0xFFFF, drain, i);
    }
    long later = 100 * SECOND;
    for (int engine = 0; engine < 3; engine++) {
      assertThat(many.pending("e" + engine, 0, later)).isEqualTo(Bookings.Sum.NONE);
    }
    assertThat(many.size()).isZero();
  }
}
