package dev.gearbox.format.template;

import dev.gearbox.format.template.Expression.Arguments;
import dev.gearbox.format.template.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parses expressions with the precedences of Jinja2: conditional, or, and, not, comparison, + -, ~,
 * * / // %, **, unary, postfix.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenCursor tokens;

  ExpressionParser(TokenCursor tokens) {
    this.tokens = tokens;
  }

  /** An expression, or several with commas between them as a list. */
  Expression parseTuple() {
    Expression first = parse();
    if (!tokens.peek().is(Kind.OPERATOR, ",")) {
      return first;
    }
    List<Expression> elements = new ArrayList<>(List.of(first));
    while (tokens.acceptOperator(",") && !tokens.peek().is(Kind.OPERATOR, ")")) {
      elements.add(parse());
    }
    return new Expression.ListOf(elements);
  }

  Expression parse() {
    tokens.enter();
    Expression value = or();
    while (tokens.acceptName("if")) {
      Expression condition = or();
      Expression otherwise =
          tokens.acceptName("else") ? parse() : new Expression.Literal(Absent.UNDEFINED);
      value = new Expression.Conditional(condition, value, otherwise);
    }
    tokens.leave();
    return value;
  }

  /** An expression without a conditional, for what {@code for … in … if} iterates over. */
  Expression or() {
    Expression left = and();
    while (tokens.acceptName("or")) {
      left = new Expression.Binary("or", left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.acceptName("and")) {
      left = new Expression.Binary("and", left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.acceptName("not")) {
      return compare();
    }
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return new Expression.Not(operand);
  }

  private Expression compare() {
    Expression first = sum();
    List<Expression.Comparison> rest = new ArrayList<>();
    for (String operator = comparison(); operator != null; operator = comparison()) {
      rest.add(new Expression.Comparison(operator, sum()));
    }
    return rest.isEmpty() ? first : new Expression.Compare(first, rest);
  }

  private @Nullable String comparison() {
    Token token = tokens.peek();
    if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
      return tokens.next().text();
    }
    if (tokens.acceptName("in")) {
      return "in";
    }
    if (token.is(Kind.NAME, "not") && tokens.peek(1).is(Kind.NAME, "in")) {
      tokens.next();
      tokens.next();
      return "not in";
    }
    return null;
  }

  private Expression sum() {
    Expression left = concatenation();
    while (isOperator("+") || isOperator("-")) {
      left = new Expression.Binary(tokens.next().text(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    Expression left = product();
    while (isOperator("~")) {
      left = new Expression.Binary(tokens.next().text(), left, product());
    }
    return left;
  }

  private Expression product() {
    Expression left = power();
    while (isOperator("*") || isOperator("/") || isOperator("//") || isOperator("%")) {
      left = new Expression.Binary(tokens.next().text(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary();
    while (isOperator("**")) {
      left = new Expression.Binary(tokens.next().text(), left, unary());
    }
    return left;
  }

  private Expression unary() {
    if (isOperator("-") || isOperator("+")) {
      boolean negative = tokens.next().text().equals("-");
      tokens.enter();
      Expression operand = unary();
      tokens.leave();
      return negative ? new Expression.Negative(operand) : operand;
    }
    return suffixes(primary(), true);
  }

  private Expression suffixes(Expression value, boolean filters) {
    while (true) {
      if (tokens.acceptOperator(".")) {
        value = attribute(value);
      } else if (tokens.acceptOperator("[")) {
        value = item(value);
      } else if (isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else if (filters && tokens.acceptOperator("|")) {
        String name = tokens.expect(Kind.NAME);
        value = new Expression.Filter(value, name, isOperator("(") ? arguments() : Arguments.NONE);
      } else if (filters && tokens.acceptName("is")) {
        value = test(value);
      } else {
        return value;
      }
    }
  }

  private Expression attribute(Expression of) {
    return tokens.peek().kind() == Kind.INTEGER
        ? new Expression.Item(of, primary())
        : new Expression.Attribute(of, tokens.expect(Kind.NAME));
  }

  private Expression item(Expression of) {
    Expression from = isOperator(":") ? null : parse();
    if (tokens.acceptOperator("]") && from != null) {
      return new Expression.Item(of, from);
    }
    tokens.expectOperator(":");
    Expression to = isOperator(":") || isOperator("]") ? null : parse();
    Expression step = tokens.acceptOperator(":") && !isOperator("]") ? parse() : null;
    tokens.expectOperator("]");
    return new Expression.Slice(of, from, to, step);
  }

  private Expression test(Expression input) {
    boolean negated = tokens.acceptName("not");
    String name = isOperator("==") ? tokens.next().text() : tokens.expect(Kind.NAME);
    Arguments arguments = Arguments.NONE;
    if (isOperator("(")) {
      arguments = arguments();
    } else if (startsOperand()) {
      arguments = new Arguments(List.of(suffixes(primary(), false)), Map.of());
    }
    Expression test = new Expression.Test(input, name, arguments);
    return negated ? new Expression.Not(test) : test;
  }

  private boolean startsOperand() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case INTEGER, REAL, STRING -> true;
      case NAME -> !Set.of("and", "or", "if", "else", "is", "in", "not").contains(token.text());
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      case TEXT, BLOCK_BEGIN, BLOCK_END, OUTPUT_BEGIN, OUTPUT_END, END -> false;
    };
  }

  private Arguments arguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.acceptOperator(")")) {
      if (tokens.peek().kind() == Kind.NAME && tokens.peek(1).is(Kind.OPERATOR, "=")) {
        String name = tokens.next().text();
        tokens.next();
        named.put(name, parse());
      } else {
        positional.add(parse());
      }
      if (!tokens.acceptOperator(",") && !isOperator(")")) {
        throw tokens.syntax("where , or ) should be");
      }
    }
    return new Arguments(positional, named);
  }

  private Expression primary() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case NAME -> name(tokens.next().text());
      case STRING -> text();
      case INTEGER -> new Expression.Literal(integer(tokens.next().text()));
      case REAL -> new Expression.Literal(Double.valueOf(tokens.next().text()));
      case OPERATOR -> bracketed();
      case TEXT, BLOCK_BEGIN, BLOCK_END, OUTPUT_BEGIN, OUTPUT_END, END ->
          throw tokens.syntax("where a value should be");
    };
  }

  private Object integer(String digits) {
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw tokens.syntax("after a number that is too large");
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Expression.Literal(true);
      case "false", "False" -> new Expression.Literal(false);
      case "none", "None" -> new Expression.Literal(Absent.NONE);
      default -> new Expression.Name(name);
    };
  }

  private Expression text() {
    StringBuilder text = new StringBuilder();
    while (tokens.peek().kind() == Kind.STRING) {
      text.append(tokens.next().text());
    }
    return new Expression.Literal(text.toString());
  }

  private Expression bracketed() {
    if (tokens.acceptOperator("(")) {
      if (tokens.acceptOperator(")")) {
        return new Expression.ListOf(List.of());
      }
      Expression inner = parseTuple();
      tokens.expectOperator(")");
      return inner;
    }
    if (tokens.acceptOperator("[")) {
      List<Expression> elements = new ArrayList<>();
      while (!tokens.acceptOperator("]")) {
        elements.add(parse());
        separator("]");
      }
      return new Expression.ListOf(elements);
    }
    tokens.expectOperator("{");
    List<Expression.Entry> entries = new ArrayList<>();
    while (!tokens.acceptOperator("}")) {
      Expression key = parse();
      tokens.expectOperator(":");
      entries.add(new Expression.Entry(key, parse()));
      separator("}");
    }
    return new Expression.DictOf(entries);
  }

  private void separator(String close) {
    if (!tokens.acceptOperator(",") && !isOperator(close)) {
      throw tokens.syntax("where , or %s should be".formatted(close));
    }
  }

  private boolean isOperator(String operator) {
    return tokens.peek().is(Kind.OPERATOR, operator);
  }
}
