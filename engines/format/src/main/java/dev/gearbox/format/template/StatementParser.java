package dev.gearbox.format.template;

import dev.gearbox.format.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Parses a template into statements. There is no include, import, extends or block: a template is
 * one text.
 */
final class StatementParser {
  private final TokenCursor tokens;
  private final ExpressionParser expressions;

  private StatementParser(TokenCursor tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String template) {
    StatementParser parser = new StatementParser(new TokenCursor(Lexer.tokens(template)));
    List<Statement> statements = parser.until(Set.of());
    if (parser.tokens.peek().kind() != Kind.END) {
      throw parser.tokens.syntax("where a statement should be");
    }
    return statements;
  }

  /** Statements up to a block that begins with one of these names, whose name is then next. */
  private List<Statement> until(Set<String> ends) {
    tokens.enter();
    List<Statement> statements = new ArrayList<>();
    while (tokens.peek().kind() != Kind.END) {
      if (tokens.peek().kind() == Kind.TEXT) {
        statements.add(new Statement.Text(tokens.next().text()));
      } else if (tokens.peek().kind() == Kind.OUTPUT_BEGIN) {
        tokens.next();
        statements.add(new Statement.Output(expressions.parseTuple()));
        tokens.expect(Kind.OUTPUT_END);
      } else {
        tokens.expect(Kind.BLOCK_BEGIN);
        if (tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())) {
          tokens.leave();
          return statements;
        }
        statements.addAll(block());
      }
    }
    if (!ends.isEmpty()) {
      throw tokens.syntax("where one of %s should be".formatted(ends));
    }
    tokens.leave();
    return statements;
  }

  private List<Statement> block() {
    String name = tokens.expect(Kind.NAME);
    return switch (name) {
      case "if" -> List.of(ifBlock());
      case "for" -> List.of(forBlock());
      case "set" -> List.of(set());
      case "macro" -> List.of(macro());
      case "break" -> ended(new Statement.Break());
      case "continue" -> ended(new Statement.Continue());
      case "generation" -> generation();
      default -> throw tokens.syntax("after the unknown block " + name);
    };
  }

  private List<Statement> ended(Statement statement) {
    tokens.expect(Kind.BLOCK_END);
    return List.of(statement);
  }

  /** Marks what the assistant said, for training; it renders as its body. */
  private List<Statement> generation() {
    tokens.expect(Kind.BLOCK_END);
    List<Statement> body = until(Set.of("endgeneration"));
    end("endgeneration");
    return body;
  }

  private Statement ifBlock() {
    List<Statement.Branch> branches = new ArrayList<>();
    Expression condition = expressions.parse();
    while (true) {
      tokens.expect(Kind.BLOCK_END);
      branches.add(new Statement.Branch(condition, until(Set.of("elif", "else", "endif"))));
      if (tokens.acceptName("elif")) {
        condition = expressions.parse();
      } else if (tokens.acceptName("else")) {
        tokens.expect(Kind.BLOCK_END);
        branches.add(new Statement.Branch(new Expression.Literal(true), until(Set.of("endif"))));
        break;
      } else {
        break;
      }
    }
    end("endif");
    return new Statement.If(branches);
  }

  private Statement forBlock() {
    List<String> targets = targets();
    if (!tokens.acceptName("in")) {
      throw tokens.syntax("where in should be");
    }
    Expression over = expressions.or();
    Expression where = tokens.acceptName("if") ? expressions.parse() : null;
    tokens.expect(Kind.BLOCK_END);
    List<Statement> body = until(Set.of("else", "endfor"));
    List<Statement> otherwise = List.of();
    if (tokens.acceptName("else")) {
      tokens.expect(Kind.BLOCK_END);
      otherwise = until(Set.of("endfor"));
    }
    end("endfor");
    return new Statement.For(targets, over, where, body, otherwise);
  }

  private List<String> targets() {
    boolean bracket = tokens.acceptOperator("(");
    List<String> targets = new ArrayList<>(List.of(tokens.expect(Kind.NAME)));
    while (tokens.acceptOperator(",")) {
      targets.add(tokens.expect(Kind.NAME));
    }
    if (bracket) {
      tokens.expectOperator(")");
    }
    return targets;
  }

  private Statement set() {
    if (tokens.peek(1).is(Kind.OPERATOR, ".")) {
      String object = tokens.expect(Kind.NAME);
      tokens.next();
      String name = tokens.expect(Kind.NAME);
      tokens.expectOperator("=");
      Expression value = expressions.parseTuple();
      tokens.expect(Kind.BLOCK_END);
      return new Statement.SetAttribute(object, name, value);
    }
    List<String> targets = targets();
    if (tokens.acceptOperator("=")) {
      Expression value = expressions.parseTuple();
      tokens.expect(Kind.BLOCK_END);
      return new Statement.Set(targets, value);
    }
    tokens.expect(Kind.BLOCK_END);
    List<Statement> body = until(Set.of("endset"));
    end("endset");
    return new Statement.Capture(targets.getFirst(), body);
  }

  private Statement macro() {
    String name = tokens.expect(Kind.NAME);
    tokens.expectOperator("(");
    List<Statement.Parameter> parameters = new ArrayList<>();
    while (!tokens.acceptOperator(")")) {
      String parameter = tokens.expect(Kind.NAME);
      Expression fallback = tokens.acceptOperator("=") ? expressions.parse() : null;
      parameters.add(new Statement.Parameter(parameter, fallback));
      if (!tokens.acceptOperator(",") && !tokens.peek().is(Kind.OPERATOR, ")")) {
        throw tokens.syntax("where , or ) should be");
      }
    }
    tokens.expect(Kind.BLOCK_END);
    List<Statement> body = until(Set.of("endmacro"));
    end("endmacro");
    return new Statement.Macro(name, parameters, body);
  }

  private void end(String name) {
    if (!tokens.acceptName(name)) {
      throw tokens.syntax("where %s should be".formatted(name));
    }
    tokens.expect(Kind.BLOCK_END);
  }
}
