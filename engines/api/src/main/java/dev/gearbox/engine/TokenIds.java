package dev.gearbox.engine;

import java.util.Arrays;
import java.util.stream.IntStream;

/** An immutable list of token ids, without boxing. */
public final class TokenIds {
  public static final TokenIds EMPTY = new TokenIds(new int[0]);

  private final int[] ids;

  private TokenIds(int[] ids) {
    this.ids = ids;
  }

  /** A copy of {@code ids}. */
  public static TokenIds of(int... ids) {
    return ids.length == 0 ? EMPTY : new TokenIds(ids.clone());
  }

  public int size() {
    return ids.length;
  }

  public int get(int index) {
    return ids[index];
  }

  /** A fresh array that the caller may change. */
  public int[] toArray() {
    return ids.clone();
  }

  /** The first {@code count} of them. */
  public TokenIds first(int count) {
    return count == ids.length ? this : of(Arrays.copyOf(ids, count));
  }

  /** All but the first {@code count} of them. */
  public TokenIds after(int count) {
    return count == 0 ? this : of(Arrays.copyOfRange(ids, count, ids.length));
  }

  /** These, and then those. */
  public TokenIds plus(TokenIds more) {
    return new TokenIds(IntStream.concat(stream(), more.stream()).toArray());
  }

  public IntStream stream() {
    return Arrays.stream(ids);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenIds that && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return Arrays.toString(ids);
  }
}
