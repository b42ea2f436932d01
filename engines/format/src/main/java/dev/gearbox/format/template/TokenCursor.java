package dev.gearbox.format.template;

import dev.gearbox.format.template.Token.Kind;
import java.util.List;

/** A place among the tokens of a template, with what both parsers ask of it. */
final class TokenCursor {
  private static final int MAX_DEPTH = 32;

  private final List<Token> tokens;
  private int at;
  private int depth;

  TokenCursor(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peek(int ahead) {
    return tokens.get(Math.min(at + ahead, tokens.size() - 1));
  }

  Token next() {
    Token token = peek();
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  boolean accept(Kind kind, String text) {
    boolean there = peek().is(kind, text);
    if (there) {
      next();
    }
    return there;
  }

  boolean acceptName(String name) {
    return accept(Kind.NAME, name);
  }

  boolean acceptOperator(String operator) {
    return accept(Kind.OPERATOR, operator);
  }

  void expectOperator(String operator) {
    if (!acceptOperator(operator)) {
      throw syntax("where %s should be".formatted(operator));
    }
  }

  String expect(Kind kind) {
    if (peek().kind() != kind) {
      throw syntax("where %s should be".formatted(kind));
    }
    return next().text();
  }

  /** Counts nesting, so that hostile templates do not exhaust the stack. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException(
          TemplateException.Code.LIMIT,
          "the chat template is nested more than %d deep in line %d"
              .formatted(MAX_DEPTH, peek().line()));
    }
  }

  void leave() {
    depth--;
  }

  TemplateException syntax(String where) {
    Token token = peek();
    return new TemplateException(
        TemplateException.Code.SYNTAX,
        "the chat template has %s '%s' in line %d, %s"
            .formatted(token.kind(), token.text(), token.line(), where));
  }
}
