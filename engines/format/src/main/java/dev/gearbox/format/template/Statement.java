package dev.gearbox.format.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Statement {
  record Text(String text) implements Statement {}

  record Output(Expression value) implements Statement {}

  /** Branches in order; the one of {@code else} has a true condition. */
  record If(List<Branch> branches) implements Statement {}

  record Branch(Expression condition, List<Statement> body) {}

  record For(
      List<String> targets,
      Expression over,
      @Nullable Expression where,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  record Set(List<String> targets, Expression value) implements Statement {}

  /** {@code set a.b = value}, for namespaces. */
  record SetAttribute(String object, String name, Expression value) implements Statement {}

  /** {@code set a}…{@code endset}. */
  record Capture(String target, List<Statement> body) implements Statement {}

  record Macro(String name, List<Parameter> parameters, List<Statement> body)
      implements Statement {}

  record Parameter(String name, @Nullable Expression fallback) {}

  record Break() implements Statement {}

  record Continue() implements Statement {}
}
