package dev.gearbox.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class KvCacheTest {
  private static final int BLOCK = 4;

  private final KvCache cache = new KvCache(8, BLOCK);

  private static int[] tokens(int... tokens) {
    return tokens;
  }

  private BlockTable compute(String salt, int... tokens) {
    BlockTable table = new BlockTable(salt);
    assertThat(cache.admit(table, tokens, tokens.length)).isNotNegative();
    cache.computed(table, tokens, tokens.length);
    return table;
  }

  @Test
  void sharesFullBlocksOfAnEqualPrefixAtTheSameTime() {
    BlockTable first = compute("a", 1, 2, 3, 4, 5, 6, 7, 8, 9);
    BlockTable second = new BlockTable("a");
    int cached = cache.admit(second, tokens(1, 2, 3, 4, 5, 6, 7, 8, 10), 9);
    assertThat(cached).isEqualTo(8);
    assertThat(Arrays.copyOf(second.blocks(), 2)).isEqualTo(Arrays.copyOf(first.blocks(), 2));
    assertThat(second.blocks()[2]).isNotEqualTo(first.blocks()[2]);
    assertThat(cache.free()).isEqualTo(4);
  }

  @Test
  void findsAPrefixAfterItsSequenceEnded() {
    cache.release(compute("a", 1, 2, 3, 4, 5, 6, 7, 8));
    assertThat(cache.free()).isEqualTo(8);
    BlockTable again = new BlockTable("a");
    assertThat(cache.admit(again, tokens(1, 2, 3, 4, 5, 6, 7, 8, 9), 9)).isEqualTo(8);
  }

  @Test
  void leavesATokenToComputeOnAFullHit() {
    cache.release(compute("a", 1, 2, 3, 4, 5, 6, 7, 8));
    BlockTable again = new BlockTable("a");
    assertThat(cache.admit(again, tokens(1, 2, 3, 4, 5, 6, 7, 8), 8)).isEqualTo(4);
  }

  @Test
  void keepsTenantsWithOtherSaltsApart() {
    cache.release(compute("a", 1, 2, 3, 4, 5));
    BlockTable foreign = new BlockTable("b");
    assertThat(cache.admit(foreign, tokens(1, 2, 3, 4, 5), 5)).isZero();
  }

  @Test
  void tellsEqualBlocksBehindDifferentPrefixesApart() {
    cache.release(compute("a", 1, 2, 3, 4, 5, 6, 7, 8));
    BlockTable other = new BlockTable("a");
    assertThat(cache.admit(other, tokens(9, 2, 3, 4, 5, 6, 7, 8, 9), 9)).isZero();
  }

  @Test
  void doesNotShareWhatIsNotComputedYet() {
    BlockTable first = new BlockTable("a");
    int[] tokens = tokens(1, 2, 3, 4, 5, 6, 7, 8, 9);
    cache.admit(first, tokens, 9);
    cache.computed(first, tokens, 7);
    assertThat(cache.admit(new BlockTable("a"), tokens, 9)).isEqualTo(4);
  }

  @Test
  void reusesTailsOfPromptsBeforeTheirHeads() {
    int[] tokens = new int[8 * BLOCK];
    Arrays.setAll(tokens, i -> i);
    BlockTable whole = new BlockTable("a");
    cache.admit(whole, tokens, tokens.length);
    cache.computed(whole, tokens, tokens.length);
    cache.release(whole);
    compute("b", 90, 91, 92, 93, 94);
    assertThat(cache.admit(new BlockTable("a"), tokens, 6 * BLOCK)).isEqualTo(5 * BLOCK);
  }

  @Test
  void changesNothingWhenBlocksDoNotSuffice() {
    BlockTable first = compute("a", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
    BlockTable second = new BlockTable("b");
    assertThat(cache.admit(second, new int[16], 16)).isNegative();
    assertThat(second.size()).isZero();
    assertThat(cache.free()).isEqualTo(3);
    assertThat(cache.extend(first, 8 * BLOCK + 1)).isFalse();
    assertThat(first.size()).isEqualTo(5);
  }

  @Test
  void countsAHitThatIsFreeOnlyOnce() {
    // All eight blocks are free and findable; a request of nine cannot be served by counting hits
    // both as found and as free.
    int[] tokens = new int[9 * BLOCK];
    Arrays.setAll(tokens, i -> i);
    BlockTable whole = new BlockTable("a");
    cache.admit(whole, tokens, 8 * BLOCK);
    cache.computed(whole, tokens, 8 * BLOCK);
    cache.release(whole);
    assertThat(cache.admit(new BlockTable("a"), tokens, 9 * BLOCK)).isNegative();
    assertThat(cache.free()).isEqualTo(8);
  }

  @Test
  void refusesToReleaseABlockTwice() {
    BlockPool pool = new BlockPool(2);
    int block = pool.take();
    pool.release(block);
    assertThatThrownBy(() -> pool.release(block)).isInstanceOf(IllegalStateException.class);
  }
}
