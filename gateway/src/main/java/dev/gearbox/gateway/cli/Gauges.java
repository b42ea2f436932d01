package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a gateway showed at one moment.
 *
 * @param pools its answer to {@code /admin/pools}
 * @param metrics its metrics as text
 * @param nanos when it was asked, of the monotonic clock
 */
record Gauges(ObjectNode pools, String metrics, long nanos) {
  private static final Pattern SAMPLE =
      Pattern.compile("(?m)^(\\w[\\w:]*)\\{([^}]*)\\} ([0-9.eE+-]+|NaN)$");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  static Gauges read(AdminClient admin) throws IOException, InterruptedException {
    return new Gauges(
        (ObjectNode) Json.parse(admin.get("/admin/pools")),
        admin.get("/metrics"),
        System.nanoTime());
  }

  /** The engines with the tokens per second that each generated since {@code before}. */
  JsonNode since(Gauges before) {
    Map<String, Double> now = generated();
    Map<String, Double> then = before.generated();
    double seconds = (nanos - before.nanos) / 1e9;
    for (JsonNode engine : pools.path("engines")) {
      String id = engine.path("engine").asString();
      double count = now.getOrDefault(id, 0.0) - then.getOrDefault(id, 0.0);
      ((ObjectNode) engine).put("tokens_per_second", Math.max(0, count) / seconds);
    }
    return pools;
  }

  /** Classes with attainment, budget left and burn, least budget first. */
  ArrayNode classes() {
    Map<String, Map<String, Double>> byClass = new TreeMap<>();
    Matcher sample = SAMPLE.matcher(metrics);
    while (sample.find()) {
      Map<String, String> labels = labels(sample.group(2));
      String name = labels.get("class");
      if (name == null) {
        continue;
      }
      double value = Double.parseDouble(sample.group(3));
      Map<String, Double> of = byClass.computeIfAbsent(name, key -> new LinkedHashMap<>());
      switch (sample.group(1)) {
        case "gearbox_attainment_objective" -> of.put("objective", value);
        case "gearbox_error_budget_remaining" -> of.put("budget_left", value);
        case "gearbox_burn_rate" -> of.put("burn_" + labels.get("window"), value);
        case "gearbox_attainment_total" -> {
          if ("all".equals(labels.get("target"))) {
            of.put("true".equals(labels.get("met")) ? "met" : "missed", value);
          }
        }
        default -> {}
      }
    }
    ArrayNode classes = tools.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
    byClass.entrySet().stream()
        .filter(each -> each.getValue().containsKey("objective"))
        .sorted(
            java.util.Comparator.comparingDouble(
                each -> each.getValue().getOrDefault("budget_left", 1.0)))
        .forEach(each -> {
          ObjectNode one = classes.addObject().put("class", each.getKey());
          each.getValue().forEach(one::put);
        });
    return classes;
  }

  private static Map<String, String> labels(String written) {
    Map<String, String> labels = new HashMap<>();
    Matcher label = LABEL.matcher(written);
    while (label.find()) {
      labels.put(label.group(1), label.group(2));
    }
    return labels;
  }

  /** Tokens generated so far, by engine. */
  private Map<String, Double> generated() {
    Map<String, Double> counts = new HashMap<>();
    Matcher sample = SAMPLE.matcher(metrics);
    while (sample.find()) {
      String engine = labels(sample.group(2)).get("engine");
      if (sample.group(1).equals("vllm:generation_tokens_total") && engine != null) {
        counts.merge(engine, Double.parseDouble(sample.group(3)), Double::sum);
      }
    }
    return counts;
  }

  /** Engines, one a row. */
  static Table engines(JsonNode pools) {
    Table table =
        new Table("VARIANT", "POOL", "DEVICE", "STATE", "T/S", "RUNNING", "QUEUE", "KV", "CONTEXT");
    for (JsonNode engine : pools.path("engines")) {
      String state = engine.path("state").asString();
      int percent = (int) (engine.path("progress").asDouble() * 100);
      int blocks = engine.path("kv_blocks_total").asInt(0);
      table.row(
          engine.path("variant").asString(),
          engine.path("pool").asString(),
          engine.path("device").asString(),
          state.equals("loading") ? state + " " + percent + "%" : state,
          String.format(Locale.ROOT, "%.1f", engine.path("tokens_per_second").asDouble()),
          engine.path("running").asString("-"),
          engine.path("waiting").asString("-"),
          blocks == 0
              ? "-"
              : Math.round(100 * (1 - engine.path("kv_blocks_free").asDouble() / blocks)) + "%",
          engine.path("max_model_len").asString("-"));
    }
    return table;
  }

  /** Classes, one a row. */
  static Table classes(ArrayNode classes) {
    Table table =
        new Table("CLASS", "OBJECTIVE", "ATTAINED", "BUDGET LEFT", "BURN 5m", "BURN 1h", "BURN 6h");
    for (JsonNode each : classes) {
      double met = each.path("met").asDouble();
      double all = met + each.path("missed").asDouble();
      table.row(
          each.path("class").asString(),
          percent(each.path("objective").asDouble()),
          all == 0 ? "no requests" : percent(met / all),
          percent(each.path("budget_left").asDouble()),
          String.format(Locale.ROOT, "%.2f", each.path("burn_5m").asDouble()),
          String.format(Locale.ROOT, "%.2f", each.path("burn_1h").asDouble()),
          String.format(Locale.ROOT, "%.2f", each.path("burn_6h").asDouble()));
    }
    return table;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f%%", 100 * share);
  }
}
