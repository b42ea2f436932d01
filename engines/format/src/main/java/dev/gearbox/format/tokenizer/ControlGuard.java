package dev.gearbox.format.tokenizer;

/**
 * Keeps client text from becoming control tokens. A mark, a Unicode noncharacter that text may not
 * contain, goes behind the first character of each control token in the text, so that it no longer
 * reads as one; the tokenizer drops the marks after it has looked for control tokens.
 */
public final class ControlGuard {
  /** U+FDD0. */
  public static final char MARK = '\uFDD0';

  private final TokenTrie controls;

  ControlGuard(TokenTrie controls) {
    this.controls = controls;
  }

  /**
   * A mark also goes into the beginning of a control token at the end of the text, or before its
   * trailing spaces: a template may trim the text and put another client text behind it.
   */
  String guard(String text) {
    String clean = strip(text);
    int end = clean.stripTrailing().length();
    StringBuilder guarded = new StringBuilder(clean.length());
    for (int i = 0; i < clean.length(); i++) {
      guarded.append(clean.charAt(i));
      if (controls.longestAt(clean, i, clean.length()) > 0 || controls.reachesEnd(clean, i, end)) {
        guarded.append(MARK);
      }
    }
    return guarded.length() == clean.length() ? clean : guarded.toString();
  }

  /** A text without marks. */
  public static String strip(String text) {
    return text.indexOf(MARK) < 0 ? text : text.replace(String.valueOf(MARK), "");
  }
}
