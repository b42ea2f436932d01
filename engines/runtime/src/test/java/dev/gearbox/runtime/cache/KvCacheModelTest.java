package dev.gearbox.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The pool and the cache against plain models of themselves, over random histories. */
final class KvCacheModelTest {
  private static final int BLOCKS = 6;
  private static final int BLOCK = 2;

  @Property
  void behavesLikeAQueueWithReferenceCounts(
      @ForAll @Size(max = 200) List<@IntRange(min = 0, max = 17) Integer> moves) {
    BlockPool pool = new BlockPool(BLOCKS);
    Deque<Integer> free = new ArrayDeque<>();
    int[] references = new int[BLOCKS];
    for (int block = 0; block < BLOCKS; block++) {
      free.add(block);
    }
    for (int move : moves) {
      int block = move % BLOCKS;
      if (move < BLOCKS && !free.isEmpty()) {
        int expected = free.remove();
        references[expected]++;
        assertThat(pool.take()).isEqualTo(expected);
      } else if (move < 2 * BLOCKS) {
        free.remove((Integer) block);
        references[block]++;
        pool.retain(block);
      } else if (references[block] > 0) {
        if (--references[block] == 0) {
          free.add(block);
        }
        pool.release(block);
      }
      assertThat(pool.free()).isEqualTo(free.size());
      for (int b = 0; b < BLOCKS; b++) {
        assertThat(pool.references(b)).isEqualTo(references[b]);
      }
    }
  }

  @Property
  void neverGivesAComputedBlockToTwoPrefixes(
      @ForAll @Size(max = 60)
          List<@Size(min = 1, max = 8) List<@IntRange(min = 0, max = 1) Integer>> prompts,
      @ForAll @IntRange(min = 0, max = 3) int keep) {
    KvCache cache = new KvCache(BLOCKS, BLOCK);
    Map<Integer, String> written = new HashMap<>();
    Deque<BlockTable> alive = new ArrayDeque<>();
    for (List<Integer> prompt : prompts) {
      int[] tokens = prompt.stream().mapToInt(Integer::intValue).toArray();
      BlockTable table = new BlockTable("s");
      int cached = cache.admit(table, tokens, tokens.length);
      while (cached < 0) {
        cache.release(alive.remove());
        cached = cache.admit(table, tokens, tokens.length);
      }
      for (int i = 0; i < table.size(); i++) {
        String prefix = prefix(tokens, i);
        if (i < cached / BLOCK) {
          assertThat(written).containsEntry(table.blocks()[i], prefix);
        }
        written.put(table.blocks()[i], prefix);
      }
      cache.computed(table, tokens, tokens.length);
      alive.add(table);
      while (alive.size() > keep) {
        cache.release(alive.remove());
      }
    }
    new ArrayList<>(alive).forEach(cache::release);
    assertThat(cache.free()).isEqualTo(BLOCKS);
  }

  private static String prefix(int[] tokens, int block) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(tokens.length, (block + 1) * BLOCK); i++) {
      text.append(tokens[i]);
    }
    return text.toString();
  }
}
