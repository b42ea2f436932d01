package dev.gearbox.format.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the statements of a template once. */
final class Interpreter {
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;
  private final Scope globals;

  Interpreter(Budget budget, Scope globals) {
    this.budget = budget;
    this.evaluator = new Evaluator(budget);
    this.globals = globals;
  }

  String run(List<Statement> template) {
    StringBuilder out = new StringBuilder();
    execute(template, globals, out);
    return out.toString();
  }

  private Flow execute(List<Statement> statements, Scope scope, StringBuilder out) {
    budget.enter();
    Flow flow = Flow.NEXT;
    for (int i = 0; i < statements.size() && flow == Flow.NEXT; i++) {
      budget.step();
      flow = execute(statements.get(i), scope, out);
    }
    budget.leave();
    return flow;
  }

  private Flow execute(Statement statement, Scope scope, StringBuilder out) {
    switch (statement) {
      case Statement.Text text -> append(text.text(), out);
      case Statement.Output output ->
          append(PythonText.str(evaluator.evaluate(output.value(), scope)), out);
      case Statement.If branches -> {
        return choose(branches, scope, out);
      }
      case Statement.For loop -> loop(loop, scope, out);
      case Statement.Set set ->
          assign(set.targets(), evaluator.evaluate(set.value(), scope), scope);
      case Statement.SetAttribute set -> setAttribute(set, scope);
      case Statement.Capture capture -> {
        StringBuilder captured = new StringBuilder();
        execute(capture.body(), scope, captured);
        scope.set(capture.target(), captured.toString());
      }
      case Statement.Macro macro ->
          scope.set(
              macro.name(), (Callable) (positional, named) -> expand(macro, positional, named));
      case Statement.Break b -> {
        return Flow.BREAK;
      }
      case Statement.Continue c -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.NEXT;
  }

  private Flow choose(Statement.If branches, Scope scope, StringBuilder out) {
    for (Statement.Branch branch : branches.branches()) {
      if (evaluator.isTrue(branch.condition(), scope)) {
        return execute(branch.body(), scope, out);
      }
    }
    return Flow.NEXT;
  }

  private void loop(Statement.For loop, Scope scope, StringBuilder out) {
    List<Object> elements = new ArrayList<>();
    for (Object element : Values.elements(evaluator.evaluate(loop.over(), scope))) {
      if (loop.where() != null) {
        Scope inner = new Scope(scope);
        assign(loop.targets(), element, inner);
        if (!evaluator.isTrue(loop.where(), inner)) {
          continue;
        }
      }
      elements.add(element);
    }
    if (elements.isEmpty()) {
      execute(loop.otherwise(), scope, out);
    }
    for (int i = 0; i < elements.size(); i++) {
      Scope inner = new Scope(scope);
      assign(loop.targets(), elements.get(i), inner);
      inner.set("loop", place(elements, i));
      if (execute(loop.body(), inner, out) == Flow.BREAK) {
        break;
      }
    }
  }

  private static Map<String, Object> place(List<Object> elements, int i) {
    long index = i;
    long length = elements.size();
    Map<String, Object> loop = new HashMap<>();
    loop.put("index", index + 1);
    loop.put("index0", index);
    loop.put("revindex", length - index);
    loop.put("revindex0", length - index - 1);
    loop.put("first", i == 0);
    loop.put("last", index == length - 1);
    loop.put("length", length);
    loop.put("previtem", i > 0 ? elements.get(i - 1) : Absent.UNDEFINED);
    loop.put("nextitem", index < length - 1 ? elements.get(i + 1) : Absent.UNDEFINED);
    Callable cycle =
        (given, named) ->
            given.isEmpty() ? Absent.UNDEFINED : given.get((int) (index % given.size()));
    loop.put("cycle", cycle);
    return loop;
  }

  private static void assign(List<String> targets, Object value, Scope scope) {
    if (targets.size() == 1) {
      scope.set(targets.getFirst(), value);
      return;
    }
    List<?> values = Values.elements(value);
    if (values.size() != targets.size()) {
      throw TemplateException.evaluation(
          "%d values do not go into %s".formatted(values.size(), targets));
    }
    for (int i = 0; i < targets.size(); i++) {
      scope.set(targets.get(i), values.get(i));
    }
  }

  private void setAttribute(Statement.SetAttribute set, Scope scope) {
    if (!(scope.get(set.object()) instanceof Namespace namespace)) {
      throw TemplateException.evaluation(set.object() + " is no namespace");
    }
    namespace.set(set.name(), evaluator.evaluate(set.value(), scope));
  }

  private Object expand(Statement.Macro macro, List<Object> positional, Map<String, Object> named) {
    Scope scope = new Scope(globals);
    List<Statement.Parameter> parameters = macro.parameters();
    if (positional.size() > parameters.size()) {
      throw TemplateException.evaluation(
          "macro %s takes %d arguments".formatted(macro.name(), parameters.size()));
    }
    for (int i = 0; i < parameters.size(); i++) {
      Statement.Parameter parameter = parameters.get(i);
      Object value = i < positional.size() ? positional.get(i) : named.get(parameter.name());
      if (value == null) {
        value =
            parameter.fallback() == null
                ? Absent.UNDEFINED
                : evaluator.evaluate(parameter.fallback(), scope);
      }
      scope.set(parameter.name(), value);
    }
    StringBuilder out = new StringBuilder();
    execute(macro.body(), scope, out);
    return out.toString();
  }

  private void append(String text, StringBuilder out) {
    budget.make(text.length());
    budget.check((long) out.length() + text.length());
    out.append(text);
  }
}
