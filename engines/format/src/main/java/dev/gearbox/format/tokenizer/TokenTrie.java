package dev.gearbox.format.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Token texts by their characters: which of them begin at a place in a text, in time that does not
 * depend on how many there are.
 */
final class TokenTrie {
  private static final int NONE = -1;

  private final List<Map<Character, Integer>> children = new ArrayList<>();
  private final List<Integer> idAt = new ArrayList<>();
  private final BitSet first = new BitSet();

  TokenTrie() {
    addNode();
  }

  void add(String text, int id) {
    if (text.isEmpty()) {
      return;
    }
    first.set(text.charAt(0));
    int node = 0;
    for (int i = 0; i < text.length(); i++) {
      Map<Character, Integer> next = children.get(node);
      Integer child = next.get(text.charAt(i));
      if (child == null) {
        child = addNode();
        next.put(text.charAt(i), child);
      }
      node = child;
    }
    idAt.set(node, id);
  }

  /** Length of the longest token at a place that ends by {@code limit}, 0 if none. */
  int longestAt(String text, int from, int limit) {
    int longest = 0;
    int node = first.get(text.charAt(from)) ? 0 : NONE;
    for (int i = from; i < limit && node != NONE; i++) {
      node = children.get(node).getOrDefault(text.charAt(i), NONE);
      if (node != NONE && idAt.get(node) != NONE) {
        longest = i + 1 - from;
      }
    }
    return longest;
  }

  /** Whether the text from a place to {@code end} is the beginning of a token. */
  boolean reachesEnd(String text, int from, int end) {
    int node = from < end && first.get(text.charAt(from)) ? 0 : NONE;
    for (int i = from; i < end && node != NONE; i++) {
      node = children.get(node).getOrDefault(text.charAt(i), NONE);
    }
    return node != NONE;
  }

  /** The id of the token that is exactly this part of the text. */
  int idOf(String text, int from, int to) {
    int node = 0;
    for (int i = from; i < to; i++) {
      node = children.get(node).getOrDefault(text.charAt(i), NONE);
    }
    return idAt.get(node);
  }

  private int addNode() {
    children.add(new HashMap<>(2));
    idAt.add(NONE);
    return children.size() - 1;
  }
}
