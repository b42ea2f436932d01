package dev.gearbox.gateway.slo;

import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.representer.Representer;

/**
 * Classes out of SLOs in OpenSLO v1. A class is named by the label {@code gearbox.dev/class}, or by
 * the SLO; a threshold of the source {@code Gearbox} is a target, a ratio says the attainment
 * alone. What cannot be kept is refused, with file and line.
 */
public final class OpenSloReader {
  private final String file;
  private final Map<String, Map<String, Object>> classes = new LinkedHashMap<>();

  private OpenSloReader(String file) {
    this.file = file;
  }

  /**
   * The part {@code gearbox.classes} of a configuration that says the same.
   *
   * @param file its name, for messages
   * @throws IllegalArgumentException when something in it cannot be kept, naming file and line
   */
  public static String read(String file, String text) {
    OpenSloReader reader = new OpenSloReader(file);
    LoaderOptions bounds = new LoaderOptions();
    Yaml yaml =
        new Yaml(
            new SafeConstructor(bounds),
            new Representer(new DumperOptions()),
            new DumperOptions(),
            bounds);
    try {
      for (Node node : yaml.composeAll(new StringReader(text))) {
        reader.document(new YamlPlace(file, node));
      }
    } catch (MarkedYAMLException e) {
      throw new IllegalArgumentException(
          "%s:%d: %s".formatted(file, e.getProblemMark().getLine() + 1, e.getProblem()), e);
    } catch (YAMLException e) {
      throw new IllegalArgumentException(
          file + ": " + String.valueOf(e.getMessage()).replaceAll("\\s+", " "), e);
    }
    return reader.configuration();
  }

  private String configuration() {
    if (classes.isEmpty()) {
      throw new IllegalArgumentException(file + ": has no SLO of " + OpenSlo.VERSION);
    }
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    return new Yaml(options)
        .dump(Map.of("gearbox", Map.of("classes", List.copyOf(classes.values()))));
  }

  private void document(YamlPlace document) {
    YamlPlace version = document.need("apiVersion");
    if (!version.text().equals(OpenSlo.VERSION)) {
      throw version.wrong("must be " + OpenSlo.VERSION + ", got '" + version.text() + "'");
    }
    if (document.need("kind").text().equals("SLO")) {
      slo(document);
    }
  }

  private void slo(YamlPlace document) {
    YamlPlace spec = document.need("spec");
    budgeting(spec);
    YamlPlace objective = objective(spec);
    YamlPlace indicator = spec.need("indicator", "spec");
    YamlPlace labelled = document.get("metadata", "labels", OpenSlo.CLASS);
    String name =
        labelled != null
            ? labelled.members().getFirst().text()
            : document.need("metadata", "name").text();
    Map<String, Object> into =
        classes.computeIfAbsent(name, key -> Doc.of("name", key, "targets", new LinkedHashMap<>()));
    agree(into, "attainment", attainment(objective), objective);
    agree(into, "window", window(spec), spec);
    YamlPlace threshold = indicator.get("thresholdMetric");
    if (threshold != null) {
      target(into, threshold, objective);
    } else {
      source(indicator.need("ratioMetric", "total", "metricSource"), "Prometheus");
    }
    YamlPlace annotations = document.get("metadata", "annotations");
    if (annotations != null) {
      annotations(into, annotations);
    }
  }

  private static void budgeting(YamlPlace spec) {
    YamlPlace method = spec.get("budgetingMethod");
    if (method != null && !method.text().equals("Occurrences")) {
      throw method.wrong(
          "only budgetingMethod Occurrences counts requests, got '" + method.text() + "'");
    }
  }

  private static YamlPlace objective(YamlPlace spec) {
    List<YamlPlace> objectives = spec.need("objectives").members();
    YamlPlace first = objectives.getFirst();
    for (YamlPlace each : objectives) {
      if (attainment(each) != attainment(first)) {
        throw each.wrong("objectives of one SLO must have one target: a class has one attainment");
      }
    }
    if (objectives.size() > 1) {
      throw objectives.get(1).wrong("one objective is taken: write an SLO for each threshold");
    }
    return first;
  }

  private static double attainment(YamlPlace objective) {
    YamlPlace share = objective.get("target");
    YamlPlace percent = objective.get("targetPercent");
    if (share != null && percent != null) {
      throw percent.wrong("has both target and targetPercent: which?");
    }
    YamlPlace said = share != null ? share : percent != null ? percent : objective.need("target");
    double attainment = share != null ? share.number() : Math.round(said.number() * 1e5) / 1e7;
    if (!(attainment >= 0.001 && attainment <= 0.99999)) {
      throw said.wrong(
          share != null
              ? "target is from 0.001 to 0.99999, got %s%s"
                  .formatted(said.text(), attainment > 1 ? ": is it a targetPercent?" : "")
              : "targetPercent is from 0.1 to 99.999 (%), got " + said.text());
    }
    return attainment;
  }

  private static String window(YamlPlace spec) {
    YamlPlace window = spec.need("timeWindow").members().getFirst();
    YamlPlace rolling = window.get("isRolling");
    if (window.get("calendar") != null || (rolling != null && !rolling.text().equals("true"))) {
      throw window.wrong("only rolling windows are counted, not those of a calendar");
    }
    YamlPlace duration = window.need("duration");
    String text = duration.text();
    if (text.matches("\\d+w")) {
      return 7L * Integer.parseInt(text.substring(0, text.length() - 1)) + "d";
    }
    if (!text.matches("\\d+[dhm]")) {
      throw duration.wrong("must be like 30d, 4w, 12h or 90m, got '" + text + "'");
    }
    return text;
  }

  private static void target(Map<String, Object> into, YamlPlace threshold, YamlPlace objective) {
    YamlPlace source = threshold.need("metricSource");
    source(source, OpenSlo.GEARBOX);
    YamlPlace named = source.need("spec", "target");
    SloTarget target = known(named);
    YamlPlace operator = objective.need("op");
    if (!operator.text().equals(target.operator())) {
      throw operator.wrong(
          "%s is good when %s, got '%s'"
              .formatted(target.label(), target.operator(), operator.text()));
    }
    YamlPlace unit = source.get("spec", "unit");
    double scale = 1;
    if (unit != null && !unit.text().equals(target.unit())) {
      if (target.unit().equals("ms") && unit.text().equals("s")) {
        scale = 1000;
      } else {
        throw unit.wrong(
            "%s is in %s, got '%s'".formatted(target.label(), target.unit(), unit.text()));
      }
    }
    @SuppressWarnings("unchecked")
    Map<String, Object> targets = (Map<String, Object>) into.get("targets");
    if (targets != null) {
      double value = objective.need("value").number() * scale;
      targets.put(
          target.label(), target.unit().equals("ms") ? target.written(value) : (Object) value);
    }
  }

  private static SloTarget known(YamlPlace named) {
    for (SloTarget each : SloTarget.values()) {
      if (each.label().equals(named.text())) {
        return each;
      }
    }
    throw named.wrong("no target '%s'; there is: %s".formatted(named.text(), SloTarget.names()));
  }

  private static void source(YamlPlace source, String wanted) {
    YamlPlace type = source.need("type");
    if (!type.text().equals(wanted)) {
      throw type.wrong(
          "a %s of type %s is known, got '%s'"
              .formatted(
                  wanted.equals(OpenSlo.GEARBOX) ? "threshold" : "ratio", wanted, type.text()));
    }
  }

  private static void annotations(Map<String, Object> into, YamlPlace annotations) {
    Map<String, Object> weights = new LinkedHashMap<>();
    annotations
        .texts()
        .forEach((key, value) -> {
          String name =
              key.startsWith(OpenSlo.ANNOTATION) ? key.substring(OpenSlo.ANNOTATION.length()) : "";
          switch (name) {
            case "priority" -> into.put(name, annotations.need(key).number());
            case "lane", "hedge" -> into.put(name, value.toLowerCase(Locale.ROOT));
            case "weight-quality", "weight-attainment", "weight-cost" ->
                weights.put(name.substring("weight-".length()), annotations.need(key).number());
            default -> {} // somebody else's
          }
        });
    if (into.get("priority") instanceof Double priority) {
      into.put("priority", priority.intValue());
    }
    if (!weights.isEmpty()) {
      into.put("weights", weights);
    }
  }

  private static void agree(Map<String, Object> into, String key, Object value, YamlPlace where) {
    @Nullable Object known = into.putIfAbsent(key, value);
    if (known != null && !known.equals(value)) {
      throw where.wrong(
          "class '%s' has an %s of %s elsewhere, here of %s"
              .formatted(into.get("name"), key, known, value));
    }
  }
}
