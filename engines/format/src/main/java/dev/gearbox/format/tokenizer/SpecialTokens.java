package dev.gearbox.format.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.PriorityQueue;

/**
 * Finds the special tokens that are written out in a text. As in llama.cpp the longest token (in
 * bytes) takes its places first, wherever they are, then the next; of one token the leftmost place.
 */
final class SpecialTokens {
  /** A place that a token could take; ordered as places are given away. */
  private record Place(int bytes, int from, int length) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      return bytes != other.bytes
          ? Integer.compare(other.bytes, bytes)
          : Integer.compare(from, other.from);
    }
  }

  private final TokenTrie tokens;

  SpecialTokens(TokenTrie tokens) {
    this.tokens = tokens;
  }

  /**
   * For each character where a special token begins, its id plus one; 0 elsewhere; null when there
   * is none at all.
   */
  Found find(String text) {
    PriorityQueue<Place> places = new PriorityQueue<>();
    for (int i = 0; i < text.length(); i++) {
      offer(places, text, i, text.length());
    }
    Found found = new Found();
    while (!places.isEmpty()) {
      Place place = places.remove();
      if (found.taken.get(place.from)) {
        continue;
      }
      int next = found.taken.nextSetBit(place.from);
      if (next >= 0 && next < place.from + place.length) {
        offer(places, text, place.from, next);
      } else {
        found.taken.set(place.from, place.from + place.length);
        found.starts.set(place.from);
      }
    }
    return found;
  }

  /** The id of the token that takes exactly this part of the text. */
  int idOf(String text, int from, int to) {
    return tokens.idOf(text, from, to);
  }

  private void offer(PriorityQueue<Place> places, String text, int from, int limit) {
    int length = tokens.longestAt(text, from, limit);
    if (length > 0) {
      String token = text.substring(from, from + length);
      places.add(new Place(token.getBytes(StandardCharsets.UTF_8).length, from, length));
    }
  }

  /** The characters that special tokens take, and where each begins. */
  static final class Found {
    private final BitSet taken = new BitSet();
    private final BitSet starts = new BitSet();

    /** The next beginning of a special token, or −1. */
    int nextStart(int from) {
      return starts.nextSetBit(from);
    }

    /** The end of the special token that begins here. */
    int end(int start) {
      int free = taken.nextClearBit(start);
      int next = starts.nextSetBit(start + 1);
      return next >= 0 && next < free ? next : free;
    }
  }
}
