package dev.gearbox.format.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates expressions. Nothing of Java is reachable from a value: attributes are keys, and
 * methods are those of {@link Methods}.
 */
final class Evaluator {
  private final Budget budget;
  private final Methods methods;
  private final Filters filters;

  Evaluator(Budget budget) {
    this.budget = budget;
    this.methods = new Methods(budget);
    this.filters = new Filters(budget, methods);
  }

  Object evaluate(Expression expression, Scope scope) {
    budget.step();
    budget.enter();
    Object value =
        switch (expression) {
          case Expression.Literal e -> e.value();
          case Expression.Name e -> scope.get(e.name());
          case Expression.ListOf e -> list(e, scope);
          case Expression.DictOf e -> dict(e, scope);
          case Expression.Attribute e -> attribute(evaluate(e.of(), scope), e.name());
          case Expression.Item e -> item(evaluate(e.of(), scope), evaluate(e.index(), scope));
          case Expression.Slice e -> slice(e, scope);
          case Expression.Call e -> call(e, scope);
          case Expression.Filter e ->
              filters.apply(evaluate(e.input(), scope), arguments(e.name(), e.arguments(), scope));
          case Expression.Test e ->
              Tests.holds(evaluate(e.input(), scope), arguments(e.name(), e.arguments(), scope));
          case Expression.Not e -> !isTrue(e.operand(), scope);
          case Expression.Negative e -> Values.arithmetic("-", 0L, evaluate(e.operand(), scope));
          case Expression.Binary e -> binary(e, scope);
          case Expression.Compare e -> compare(e, scope);
          case Expression.Conditional e ->
              evaluate(isTrue(e.condition(), scope) ? e.then() : e.otherwise(), scope);
        };
    budget.leave();
    return value;
  }

  boolean isTrue(Expression expression, Scope scope) {
    return Values.truth(evaluate(expression, scope));
  }

  private List<Object> list(Expression.ListOf list, Scope scope) {
    List<Object> values = new ArrayList<>();
    for (Expression element : list.elements()) {
      values.add(evaluate(element, scope));
    }
    return values;
  }

  private Map<Object, Object> dict(Expression.DictOf dict, Scope scope) {
    Map<Object, Object> values = new LinkedHashMap<>();
    for (Expression.Entry entry : dict.entries()) {
      values.put(evaluate(entry.key(), scope), evaluate(entry.value(), scope));
    }
    return values;
  }

  private Object attribute(Object of, String name) {
    if (Methods.has(of, name)) {
      return (Callable) (given, named) -> methods.call(of, new Arguments(name, given, named));
    }
    return switch (of) {
      case Map<?, ?> map -> found(map.get(name));
      case Namespace namespace -> namespace.get(name);
      case Absent a when a == Absent.UNDEFINED ->
          throw TemplateException.evaluation("an undefined value has no " + name);
      default -> Absent.UNDEFINED;
    };
  }

  private static Object item(Object of, Object index) {
    return switch (of) {
      case Map<?, ?> map -> found(map.get(index));
      case List<?> list when index instanceof Long l -> at(list, l);
      case String s when index instanceof Long l -> at(Values.elements(s), l);
      case Namespace namespace when index instanceof String name -> namespace.get(name);
      case Absent a when a == Absent.UNDEFINED ->
          throw TemplateException.evaluation("an undefined value has no " + PythonText.str(index));
      default -> Absent.UNDEFINED;
    };
  }

  private static Object at(List<?> list, long index) {
    long place = index < 0 ? index + list.size() : index;
    return place >= 0 && place < list.size() ? list.get((int) place) : Absent.UNDEFINED;
  }

  private static Object found(@Nullable Object value) {
    return value == null ? Absent.UNDEFINED : value;
  }

  private Object slice(Expression.Slice slice, Scope scope) {
    Object of = evaluate(slice.of(), scope);
    List<?> elements = Values.elements(of);
    budget.make(elements.size());
    long step = bound(slice.step(), 1, scope);
    if (step == 0) {
      throw TemplateException.evaluation("a slice has a step of zero");
    }
    int size = elements.size();
    long low = step > 0 ? 0 : -1;
    long high = step > 0 ? size : size - 1;
    long from = clip(bound(slice.from(), step > 0 ? 0 : Long.MAX_VALUE, scope), size, low, high);
    boolean open = slice.to() == null;
    long to = open ? (step > 0 ? size : -1) : clip(bound(slice.to(), 0, scope), size, low, high);
    List<Object> taken = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i = Math.addExact(i, step)) {
      taken.add(elements.get((int) i));
    }
    return of instanceof String ? methods.join("", taken) : taken;
  }

  private long bound(@Nullable Expression expression, long fallback, Scope scope) {
    Object value = expression == null ? Absent.NONE : evaluate(expression, scope);
    return value == Absent.NONE
        ? fallback
        : Math.clamp(Values.integer(value), -(1L << 40), 1L << 40);
  }

  private static long clip(long bound, int size, long low, long high) {
    return Math.clamp(bound < 0 ? bound + size : bound, low, high);
  }

  private Object call(Expression.Call call, Scope scope) {
    Object function = evaluate(call.function(), scope);
    Arguments arguments = arguments("a function", call.arguments(), scope);
    if (function instanceof Callable callable) {
      return callable.call(arguments.positional(), arguments.named());
    }
    String name =
        switch (call.function()) {
          case Expression.Name n -> n.name();
          case Expression.Attribute a -> a.name();
          default -> Values.kind(function);
        };
    throw TemplateException.evaluation(name + " cannot be called");
  }

  private Arguments arguments(String of, Expression.Arguments arguments, Scope scope) {
    List<Object> positional = new ArrayList<>();
    for (Expression argument : arguments.positional()) {
      positional.add(evaluate(argument, scope));
    }
    Map<String, Object> named = new LinkedHashMap<>();
    arguments.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
    return new Arguments(of, positional, named);
  }

  private Object binary(Expression.Binary binary, Scope scope) {
    Object left = evaluate(binary.left(), scope);
    return switch (binary.operator()) {
      case "and" -> Values.truth(left) ? evaluate(binary.right(), scope) : left;
      case "or" -> Values.truth(left) ? left : evaluate(binary.right(), scope);
      default -> operate(binary.operator(), left, evaluate(binary.right(), scope));
    };
  }

  private Object operate(String operator, Object left, Object right) {
    if (operator.equals("~")) {
      return concatenated(PythonText.str(left), PythonText.str(right));
    }
    if (operator.equals("+") && left instanceof String a && right instanceof String b) {
      return concatenated(a, b);
    }
    if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
      budget.make((long) a.size() + b.size());
      List<Object> both = new ArrayList<>(a);
      both.addAll(b);
      return both;
    }
    if (operator.equals("*") && left instanceof String s && right instanceof Long times) {
      budget.make(Math.multiplyExact((long) s.length(), Math.clamp(times, 0, 1L << 31)));
      return s.repeat(Math.clamp(times, 0, Budget.MAX_CHARACTERS));
    }
    return Values.arithmetic(operator, left, right);
  }

  private String concatenated(String a, String b) {
    budget.make((long) a.length() + b.length());
    return a.concat(b);
  }

  private boolean compare(Expression.Compare compare, Scope scope) {
    Object left = evaluate(compare.first(), scope);
    for (Expression.Comparison next : compare.rest()) {
      Object right = evaluate(next.right(), scope);
      boolean holds =
          switch (next.operator()) {
            case "==" -> Values.equal(left, right);
            case "!=" -> !Values.equal(left, right);
            case "in" -> Values.contains(right, left);
            case "not in" -> !Values.contains(right, left);
            case "<" -> Values.compare(left, right) < 0;
            case "<=" -> Values.compare(left, right) <= 0;
            case ">" -> Values.compare(left, right) > 0;
            default -> Values.compare(left, right) >= 0;
          };
      if (!holds) {
        return false;
      }
      left = right;
    }
    return true;
  }
}
