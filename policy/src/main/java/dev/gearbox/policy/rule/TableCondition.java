package dev.gearbox.policy.rule;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A column of a {@link DecisionTable} that a rule depends on: words ({@code a}, {@code a|b}, {@code
 * !a}), numbers ({@code 5}, {@code < 5}, {@code >= 0.8}) or {@code yes} and {@code no}.
 */
enum TableCondition {
  CLASS("class", "serviceClass.name", Kind.WORD, false),
  TENANT("tenant", "tenant", Kind.WORD, false),
  MODEL("model", "model", Kind.WORD, false),
  PRIORITY("priority", "serviceClass.priority", Kind.NUMBER, false),
  STREAMING("streaming", "streaming", Kind.FLAG, false),
  MAX_TOKENS("max tokens", "maxTokens", Kind.NUMBER, false),
  QUEUED("queued", "origin.queued", Kind.FLAG, false),
  EVENT_AGE("event age", "origin.age", Kind.NUMBER, false),
  LAG("lag", "origin.lag", Kind.NUMBER, false),
  DEADLINE_SLACK("deadline slack", "origin.slack", Kind.NUMBER, false),
  ENGINE("engine", "engine", Kind.WORD, true),
  VARIANT("variant", "variant", Kind.WORD, true),
  POOL("pool", "pool", Kind.WORD, true),
  DEVICE("device", "device", Kind.WORD, true),
  TECHNIQUE("technique", "techniques", Kind.MEMBER, true),
  QUALITY("quality", "quality", Kind.NUMBER, true),
  PROMPT_TOKENS("prompt tokens", "promptTokens", Kind.NUMBER, true),
  RUNNING("running", "running", Kind.NUMBER, true),
  WAITING("waiting", "waiting", Kind.NUMBER, true),
  KV_USAGE("kv usage", "kvUsage", Kind.NUMBER, true),
  COST("cost", "cost", Kind.NUMBER, true),
  SIGNAL_AGE("signal age", "signalAge", Kind.NUMBER, true);

  private static final Pattern COMPARISON =
      Pattern.compile("(<=|>=|<|>|=|==|!=)?\\s*(-?[0-9]+(?:\\.[0-9]+)?)");

  private enum Kind {
    WORD,
    NUMBER,
    FLAG,
    MEMBER
  }

  /**
   * One cell.
   *
   * @param drl the constraint
   * @param value Java for what was found, in a consequence
   * @param opposite operator under which it would not have held
   * @param wanted the threshold
   * @param ofCandidate whether it is asked of a candidate
   */
  record Test(String drl, String value, String opposite, String wanted, boolean ofCandidate) {}

  private final String column;
  private final String field;
  private final Kind kind;
  private final boolean ofCandidate;

  TableCondition(String column, String field, Kind kind, boolean ofCandidate) {
    this.column = column;
    this.field = field;
    this.kind = kind;
    this.ofCandidate = ofCandidate;
  }

  static @Nullable TableCondition of(String column) {
    return Arrays.stream(values()).filter(c -> c.column.equals(column)).findFirst().orElse(null);
  }

  static String names() {
    return Arrays.stream(values()).map(c -> c.column).collect(Collectors.joining(", "));
  }

  boolean ofCandidate() {
    return ofCandidate;
  }

  /** What a cell asks. */
  Test test(String cell) {
    return switch (kind) {
      case WORD -> words(cell);
      case NUMBER -> number(cell);
      case FLAG -> {
        boolean wanted = TableAction.yes(cell);
        yield made(field + " == " + wanted, "!=", Boolean.toString(wanted));
      }
      case MEMBER -> {
        boolean not = cell.startsWith("!");
        String word = DecisionTable.quoted(not ? cell.substring(1).strip() : cell);
        yield made(
            field + (not ? " not contains " : " contains ") + word,
            not ? "contains" : "does not contain",
            word.substring(1, word.length() - 1));
      }
    };
  }

  private Test words(String cell) {
    boolean not = cell.startsWith("!");
    String wanted = not ? cell.substring(1).strip() : cell;
    List<String> words =
        Arrays.stream(wanted.split("\\|", -1))
            .map(String::strip)
            .map(DecisionTable::quoted)
            .toList();
    if (words.contains("\"\"")) {
      throw new IllegalArgumentException("expected words between '|', got '" + cell + "'");
    }
    return made(
        field + (not ? " not in (" : " in (") + String.join(", ", words) + ")",
        not ? "in" : "not in",
        wanted);
  }

  private Test number(String cell) {
    Matcher matcher = COMPARISON.matcher(cell);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected a number, or one after <, <=, >, >=, = or !=, got '" + cell + "'");
    }
    String written = matcher.group(1) == null ? "=" : matcher.group(1);
    String operator = written.equals("=") ? "==" : written;
    String number = matcher.group(2);
    String test = field + " " + operator + " " + number;
    // A quality that nobody measured is under every line, what is never due is beyond each.
    boolean unknownToo =
        (this == QUALITY && operator.startsWith("<"))
            || (this == DEADLINE_SLACK && operator.matches(">=?|!="));
    String known = unknownToo ? field + " == null || " + test : test;
    return made(known, opposite(operator), number);
  }

  private static String opposite(String operator) {
    return switch (operator) {
      case "<" -> ">=";
      case "<=" -> ">";
      case ">" -> "<=";
      case ">=" -> "<";
      case "==" -> "!=";
      default -> "==";
    };
  }

  private Test made(String drl, String opposite, String wanted) {
    return new Test(drl, "$c." + field + "()", opposite, wanted, ofCandidate);
  }

  @Override
  public String toString() {
    return column.toLowerCase(Locale.ROOT);
  }
}
