package dev.gearbox.format.template;

import dev.gearbox.format.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Cuts a template into tokens with the white-space rules of chat templates: the line break after a
 * block goes ({@code trim_blocks}), the blanks before a block that begins its line go ({@code
 * lstrip_blocks}), {@code -} takes all white space on its side, and one line break at the end of
 * the template goes.
 */
final class Lexer {
  private static final Set<String> PAIRS = Set.of("==", "!=", "<=", ">=", "//", "**");
  private static final String SINGLES = "+-*/%~<>=|.,:()[]{}";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private boolean stripNext;
  private boolean dropBreak;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String unix = template.replace("\r\n", "\n");
    return new Lexer(unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix).run();
  }

  private List<Token> run() {
    while (at < source.length()) {
      int open = nextTag();
      text(open);
      if (open < source.length()) {
        tag();
      }
    }
    add(Kind.END, "");
    return tokens;
  }

  private int nextTag() {
    for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return source.length();
  }

  private void text(int open) {
    String text = source.substring(at, open);
    if (stripNext) {
      text = text.stripLeading();
    } else if (dropBreak && text.startsWith("\n")) {
      text = text.substring(1);
    }
    if (open < source.length()) {
      char control = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
      if (control == '-') {
        text = text.stripTrailing();
      } else if (source.charAt(open + 1) != '{' && control != '+') {
        text = withoutIndent(text);
      }
    }
    if (!text.isEmpty()) {
      add(Kind.TEXT, text);
    }
    advance(open);
  }

  /**
   * The text without blanks between its last line break, or the beginning of the template, and its
   * end.
   */
  private String withoutIndent(String text) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    boolean lineBegins =
        end > 0
            ? text.charAt(end - 1) == '\n'
            : at == 0 || (dropBreak && source.charAt(at) == '\n');
    return lineBegins ? text.substring(0, end) : text;
  }

  private void tag() {
    char kind = source.charAt(at + 1);
    if (kind == '#') {
      int close = source.indexOf("#}", at + 2);
      if (close < 0) {
        throw syntax("a comment that does not end");
      }
      endTag(source.charAt(close - 1), true);
      advance(close + 2);
      return;
    }
    boolean block = kind == '%';
    add(block ? Kind.BLOCK_BEGIN : Kind.OUTPUT_BEGIN, "");
    advance(at + 2);
    if (at < source.length() && (source.charAt(at) == '-' || source.charAt(at) == '+')) {
      advance(at + 1);
    }
    int depth = 0;
    while (true) {
      skipBlanks();
      if (depth == 0 && closes(block ? '%' : '}')) {
        add(block ? Kind.BLOCK_END : Kind.OUTPUT_END, "");
        boolean signed = source.charAt(at) == '-' || source.charAt(at) == '+';
        endTag(source.charAt(at), block);
        advance(at + (signed ? 3 : 2));
        return;
      }
      depth += lexeme();
    }
  }

  private boolean closes(char close) {
    int i = at < source.length() && "-+".indexOf(source.charAt(at)) >= 0 ? at + 1 : at;
    return i + 1 < source.length() && source.charAt(i) == close && source.charAt(i + 1) == '}';
  }

  private void endTag(char control, boolean block) {
    stripNext = control == '-';
    dropBreak = block && control != '+';
  }

  /** Adds the next lexeme; the change that it makes to the depth of brackets. */
  private int lexeme() {
    if (at >= source.length()) {
      throw syntax("a tag that does not end");
    }
    char c = source.charAt(at);
    if (c == '\'' || c == '"') {
      string(c);
      return 0;
    }
    if (c >= '0' && c <= '9') {
      number();
      return 0;
    }
    if (Character.isJavaIdentifierStart(c)) {
      int end = at;
      while (end < source.length() && Character.isJavaIdentifierPart(source.charAt(end))) {
        end++;
      }
      add(Kind.NAME, source.substring(at, end));
      advance(end);
      return 0;
    }
    String two = source.substring(at, Math.min(at + 2, source.length()));
    if (!PAIRS.contains(two) && SINGLES.indexOf(c) < 0) {
      throw syntax("'%s'".formatted(c));
    }
    String operator = PAIRS.contains(two) ? two : String.valueOf(c);
    add(Kind.OPERATOR, operator);
    advance(at + operator.length());
    return "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
  }

  private void number() {
    int end = at;
    boolean real = false;
    while (end < source.length()
        && (isDigit(end) || (source.charAt(end) == '.' && !real && isDigit(end + 1)))) {
      real |= source.charAt(end) == '.';
      end++;
    }
    add(real ? Kind.REAL : Kind.INTEGER, source.substring(at, end));
    advance(end);
  }

  private boolean isDigit(int index) {
    return index < source.length() && source.charAt(index) >= '0' && source.charAt(index) <= '9';
  }

  private void string(char quote) {
    StringBuilder value = new StringBuilder();
    int i = at + 1;
    while (i < source.length() && source.charAt(i) != quote) {
      char c = source.charAt(i);
      if (c == '\\' && i + 1 < source.length()) {
        i += escape(i + 1, value);
      } else {
        value.append(c);
        i++;
      }
    }
    if (i >= source.length()) {
      throw syntax("a text that does not end");
    }
    add(Kind.STRING, value.toString());
    advance(i + 1);
  }

  /** Appends what an escape stands for; the length of the escape with its backslash. */
  private int escape(int i, StringBuilder value) {
    char c = source.charAt(i);
    switch (c) {
      case 'n' -> value.append('\n');
      case 't' -> value.append('\t');
      case 'r' -> value.append('\r');
      case 'b' -> value.append('\b');
      case 'f' -> value.append('\f');
      case '\\', '\'', '"' -> value.append(c);
      case '\n' -> {}
      case 'u', 'x', 'U' -> {
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        if (i + 1 + digits > source.length()) {
          throw syntax("an escape that does not end");
        }
        try {
          value.appendCodePoint(Integer.parseInt(source, i + 1, i + 1 + digits, 16));
        } catch (IllegalArgumentException e) {
          throw syntax("an escape of no character");
        }
        return 2 + digits;
      }
      default -> value.append('\\').append(c);
    }
    return 2;
  }

  private void skipBlanks() {
    int end = at;
    while (end < source.length() && Character.isWhitespace(source.charAt(end))) {
      end++;
    }
    advance(end);
  }

  private void advance(int to) {
    for (; at < to; at++) {
      if (source.charAt(at) == '\n') {
        line++;
      }
    }
  }

  private void add(Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private TemplateException syntax(String what) {
    return new TemplateException(
        TemplateException.Code.SYNTAX, "the chat template has %s in line %d".formatted(what, line));
  }
}
