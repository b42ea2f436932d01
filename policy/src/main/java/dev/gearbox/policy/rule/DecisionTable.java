package dev.gearbox.policy.rule;

import dev.gearbox.policy.rule.RuleException.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Rules as a table for people who do not write DRL: a comma-separated file whose first row names
 * columns and whose other rows are rules, from top to bottom.
 *
 * <pre>
 * rule,              tenant,     quality, then exclude, then cap tokens
 * acme pays for it,  acme,       &lt; 0.8,   yes,
 * short for guests,  guest|demo, ,        ,             64
 * </pre>
 *
 * <p>Columns before the first {@code then} are conditions ({@link TableCondition}), the others say
 * what follows ({@link TableAction}); an empty cell asks for nothing and does nothing. Row N
 * becomes line N of the DRL, so that what the compiler says of a line is said of a row.
 */
final class DecisionTable {
  private static final String HEAD =
      "package dev.gearbox.policy.table;"
          + " import dev.gearbox.policy.fact.RequestFacts;"
          + " import dev.gearbox.policy.fact.CandidateFacts;"
          + " import dev.gearbox.policy.rule.Reason;"
          + " import dev.gearbox.engine.Lane;"
          + " global dev.gearbox.policy.rule.Ruling ruling;";

  private final String file;
  private final List<Problem> problems = new ArrayList<>();
  private final List<Column> columns = new ArrayList<>();

  private DecisionTable(String file) {
    this.file = file;
  }

  /** What one column means; {@code label} when it names or describes the rule. */
  private record Column(
      String name, @Nullable TableCondition condition, @Nullable TableAction action) {}

  static boolean isTable(RuleSource source) {
    return source.name().toLowerCase(Locale.ROOT).endsWith(".csv");
  }

  /** The table as DRL; adds what is wrong with it, with row and column, to {@code problems}. */
  static String toDrl(RuleSource source, List<Problem> problems) {
    DecisionTable table = new DecisionTable(source.name());
    String drl = table.translate(source.text().lines().toList());
    problems.addAll(table.problems);
    return drl;
  }

  private String translate(List<String> lines) {
    StringBuilder drl = new StringBuilder();
    boolean headed = false;
    for (int row = 1; row <= lines.size(); row++) {
      String line = lines.get(row - 1).replace("\uFEFF", "");
      if (!line.isBlank() && !line.startsWith("#") && !line.replace(",", "").isBlank()) {
        List<String> cells = cells(line, row);
        if (headed) {
          drl.append(rule(cells, row));
        } else {
          head(cells, row);
          drl.append(HEAD);
          headed = true;
        }
      }
      drl.append('\n');
    }
    if (!headed) {
      problem(1, "a decision table begins with a row that names its columns");
    }
    return drl.toString();
  }

  private void head(List<String> names, int row) {
    for (String each : names) {
      String name = each.toLowerCase(Locale.ROOT);
      TableCondition condition = TableCondition.of(name);
      TableAction action = TableAction.of(name);
      if (condition == null && action == null && !isLabel(name)) {
        problem(
            row,
            "unknown column '%s'; conditions are %s; what follows is %s"
                .formatted(each, TableCondition.names(), TableAction.names()));
      }
      columns.add(new Column(name, condition, action));
    }
    if (columns.stream().allMatch(column -> column.action() == null)) {
      problem(row, "no column says what follows: " + TableAction.names());
    }
  }

  private static boolean isLabel(String name) {
    return name.equals("rule") || name.equals("description");
  }

  private String rule(List<String> cells, int row) {
    if (cells.size() > columns.size()) {
      problem(row, "%d cells under %d columns".formatted(cells.size(), columns.size()));
      return "";
    }
    String name = file.substring(file.lastIndexOf('/') + 1) + " row " + row;
    String description = "";
    List<TableCondition.Test> request = new ArrayList<>();
    List<TableCondition.Test> candidate = new ArrayList<>();
    List<String> actions = new ArrayList<>();
    TableCondition.Test last = null;
    boolean excludes = false;
    for (int i = 0; i < cells.size(); i++) {
      String cell = cells.get(i);
      Column column = columns.get(i);
      if (cell.isEmpty()) {
        continue;
      }
      try {
        if (column.condition() != null) {
          TableCondition.Test test = column.condition().test(cell);
          (column.condition().ofCandidate() ? candidate : request).add(test);
          last = test;
        } else if (column.action() == TableAction.EXCLUDE) {
          excludes = TableAction.yes(cell);
        } else if (column.action() != null) {
          actions.add(column.action().call(cell));
        } else if (column.name().equals("rule")) {
          name = cell;
        } else {
          description = cell;
        }
      } catch (IllegalArgumentException e) {
        problem(row, "column '" + column.name() + "': " + e.getMessage());
      }
    }
    if (excludes) {
      TableCondition.Test why = candidate.isEmpty() ? last : candidate.getLast();
      actions.addFirst(exclusion(why));
    }
    if (actions.isEmpty()) {
      problem(row, "nothing follows from this row");
    }
    String words = description.isEmpty() ? name : description;
    return "rule %s @Description(%s) salience %d when RequestFacts( %s ) %s then %s end"
        .formatted(
            quoted(name),
            quoted(words),
            -row,
            joined(request),
            candidates(candidate, excludes),
            String.join(" ", actions));
  }

  private static String candidates(List<TableCondition.Test> tests, boolean excludes) {
    if (excludes) {
      return "$c : CandidateFacts( " + joined(tests) + " )";
    }
    return tests.isEmpty() ? "" : "exists CandidateFacts( " + joined(tests) + " )";
  }

  private static String exclusion(TableCondition.@Nullable Test why) {
    return why == null
        ? "ruling.exclude($c, Reason.POLICY, \"any\", \"!=\", \"any\");"
        : "ruling.exclude($c, Reason.POLICY, %s, %s, %s);"
            .formatted(
                why.ofCandidate() ? why.value() : quoted(why.wanted()),
                quoted(why.opposite()),
                quoted(why.wanted()));
  }

  private static String joined(List<TableCondition.Test> tests) {
    return String.join(", ", tests.stream().map(TableCondition.Test::drl).toList());
  }

  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** Cells of a line by RFC 4180, without the space around them. */
  private List<String> cells(String line, int row) {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean inside = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        if (inside && i + 1 < line.length() && line.charAt(i + 1) == '"') {
          cell.append(c);
          i++;
        } else {
          inside = !inside;
        }
      } else if (c == ',' && !inside) {
        cells.add(cell.toString().strip());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    if (inside) {
      problem(row, "a quote is opened and not closed");
    }
    cells.add(cell.toString().strip());
    return cells;
  }

  private void problem(int row, String message) {
    problems.add(new Problem(file, row, message));
  }
}
