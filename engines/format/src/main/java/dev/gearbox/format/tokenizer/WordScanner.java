package dev.gearbox.format.tokenizer;

/**
 * Finds the end of the word that begins at a place of a text, for the pattern families of {@link
 * PreTokenizer}.
 */
final class WordScanner {
  private static final int OUTSIDE = -1;

  private final int[] points;
  private final int end;

  /** Scans a text up to an end that no look-ahead crosses. */
  WordScanner(int[] points, int end) {
    this.points = points;
    this.end = end;
  }

  int gpt2(int from) {
    int contraction = contraction(from, false);
    if (contraction > 0) {
      return from + contraction;
    }
    int body = at(from) == ' ' ? from + 1 : from;
    if (isLetter(at(body))) {
      return letters(body);
    }
    if (isNumber(at(body))) {
      return numbers(body, Integer.MAX_VALUE);
    }
    if (isOther(at(body))) {
      return others(body);
    }
    return spaces(from);
  }

  int llama(int from, int digits) {
    int contraction = contraction(from, true);
    if (contraction > 0) {
      return from + contraction;
    }
    int point = at(from);
    if (isLetter(point)) {
      return letters(from);
    }
    if (isNumber(point)) {
      return numbers(from, digits);
    }
    if (!isLineBreak(point) && isLetter(at(from + 1))) {
      return letters(from + 1);
    }
    int body = point == ' ' ? from + 1 : from;
    if (isOther(at(body))) {
      int to = others(body);
      while (isLineBreak(at(to))) {
        to++;
      }
      return to;
    }
    int afterBreaks = afterLastLineBreak(from);
    return afterBreaks > from ? afterBreaks : spaces(from);
  }

  /** Length of 's, 't, 're, 've, 'm, 'll or 'd, or 0. */
  private int contraction(int from, boolean anyCase) {
    if (at(from) != '\'') {
      return 0;
    }
    int first = lower(at(from + 1), anyCase);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return 2;
    }
    int second = lower(at(from + 2), anyCase);
    boolean three =
        (first == 'r' && second == 'e')
            || (first == 'v' && second == 'e')
            || (first == 'l' && second == 'l');
    return three ? 3 : 0;
  }

  private static int lower(int point, boolean anyCase) {
    return anyCase && point >= 'A' && point <= 'Z' ? point + 32 : point;
  }

  private int letters(int from) {
    int to = from;
    while (isLetter(at(to))) {
      to++;
    }
    return to;
  }

  private int numbers(int from, int limit) {
    int to = from;
    while (to - from < limit && isNumber(at(to))) {
      to++;
    }
    return to;
  }

  private int others(int from) {
    int to = from;
    while (isOther(at(to))) {
      to++;
    }
    return to;
  }

  private int afterLastLineBreak(int from) {
    int last = from;
    for (int i = from; isSpace(at(i)); i++) {
      if (isLineBreak(at(i))) {
        last = i + 1;
      }
    }
    return last;
  }

  /** All spaces, but the last one when more than one comes before something else. */
  private int spaces(int from) {
    int to = from;
    while (isSpace(at(to))) {
      to++;
    }
    return to - from > 1 && to < end ? to - 1 : Math.max(to, from + 1);
  }

  private int at(int index) {
    return index < end ? points[index] : OUTSIDE;
  }

  private static boolean isLineBreak(int point) {
    return point == '\r' || point == '\n';
  }

  private static boolean isLetter(int point) {
    return point >= 0 && Character.isLetter(point);
  }

  /** The Unicode category N. */
  static boolean isNumber(int point) {
    if (point < 0) {
      return false;
    }
    int type = Character.getType(point);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  /** The Unicode property White_Space. */
  private static boolean isSpace(int point) {
    return (point >= 0x09 && point <= 0x0D)
        || point == 0x85
        || (point >= 0 && Character.isSpaceChar(point));
  }

  private static boolean isOther(int point) {
    return point >= 0 && !isSpace(point) && !isLetter(point) && !isNumber(point);
  }
}
