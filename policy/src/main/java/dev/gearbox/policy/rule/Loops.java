package dev.gearbox.policy.rule;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.drools.drl.ast.descr.FunctionDescr;
import org.drools.drl.ast.descr.PackageDescr;
import org.drools.drl.ast.descr.RuleDescr;

/**
 * Finds what could go on forever within one consequence, where nothing can stop it: loops, and
 * functions that call functions. A rule needs neither, as its conditions match every candidate.
 */
final class Loops {
  private static final Pattern NO_CODE =
      Pattern.compile(
          "\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'|//[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern LOOP = Pattern.compile("\\b(for|while|do)\\b");

  private Loops() {}

  /** Adds a problem for each in {@code drl}, which is {@code parsed}. */
  static void find(
      String file, String drl, PackageDescr parsed, List<RuleException.Problem> problems) {
    for (RuleDescr rule : parsed.getRules()) {
      String name = "rule '" + rule.getName() + "'";
      loops(file, name, rule.getConsequenceLine(), rule.getConsequence(), drl, problems);
      for (Object named : rule.getNamedConsequences().values()) {
        loops(file, name, rule.getConsequenceLine(), named, drl, problems);
      }
    }
    Set<String> functions = new HashSet<>();
    parsed.getFunctions().forEach(each -> functions.add(each.getName()));
    for (FunctionDescr each : parsed.getFunctions()) {
      String name = "function '" + each.getName() + "'";
      loops(file, name, each.getLine(), each.getBody(), drl, problems);
      String body = code(each.getBody());
      for (String other : functions) {
        if (Pattern.compile("\\b" + Pattern.quote(other) + "\\s*\\(").matcher(body).find()) {
          problems.add(
              new RuleException.Problem(
                  file,
                  Math.max(0, each.getLine()),
                  "%s calls the function '%s': a function may call none".formatted(name, other)));
        }
      }
    }
  }

  private static void loops(
      String file,
      String name,
      int firstLine,
      Object consequence,
      String drl,
      List<RuleException.Problem> problems) {
    String code = code(String.valueOf(consequence));
    Matcher loop = LOOP.matcher(code);
    if (loop.find()) {
      problems.add(
          new RuleException.Problem(
              file,
              line(drl, firstLine, loop.group(1)),
              "%s loops ('%s'), which nothing could stop: conditions match every candidate by themselves"
                  .formatted(name, loop.group(1))));
    }
  }

  /** Of the first {@code word} from {@code line} on: a consequence has lost its first breaks. */
  private static int line(String drl, int line, String word) {
    String[] lines = code(drl).split("\n", -1);
    for (int i = Math.max(1, line); i <= lines.length; i++) {
      if (Pattern.compile("\\b" + word + "\\b").matcher(lines[i - 1]).find()) {
        return i;
      }
    }
    return Math.max(0, line);
  }

  /** Without texts and comments, line for line. */
  private static String code(String java) {
    return NO_CODE.matcher(java).replaceAll(found -> found.group().replaceAll("[^\\n]", " "));
  }
}
