package dev.gearbox.gateway.cli;

import dev.gearbox.policy.simulate.Coverage;
import dev.gearbox.policy.simulate.Interval;
import dev.gearbox.policy.simulate.SloBench;
import dev.gearbox.policy.simulate.Tally;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** Shows what {@link SloBench} found: for a person as Markdown, for a program as JSON. */
record SloReport(List<Double> rates, double seconds, int seeds, SloBench.Result result) {

  void print(String traffic, Screen screen) {
    var out = screen.out();
    out.printf(
        Locale.ROOT,
        "%s; %d seeds of %.0f s; knobs %s%n%n",
        traffic,
        seeds,
        seconds,
        result.knobs());
    out.println(heads());
    for (String arm : arms()) {
      StringBuilder row = new StringBuilder("| " + arm + " |");
      for (double rate : rates) {
        row.append(String.format(Locale.ROOT, " %.3f |", result.cell(rate, arm).qwg()));
      }
      out.println(row.append(String.format(Locale.ROOT, " %.3f |", mean(arm))));
    }
    StringBuilder bounds = new StringBuilder("| bound |");
    rates.forEach(rate -> bounds.append(" %.3f |".formatted(bound(rate))));
    out.println(bounds.append(" |"));
    out.println();
    String ofSearch =
        searched()
            ? "%.3f of the clairvoyant search and "
                .formatted(share(mean(SloBench.GEARBOX), mean(SloBench.CLAIRVOYANT)))
            : "";
    out.printf(
        Locale.ROOT,
        "gearbox reaches %s%.3f of the bound%n%n",
        ofSearch,
        share(mean(SloBench.GEARBOX), meanBound()));
    out.println("gearbox less each, paired, with 95 % confidence interval; it loses where chance");
    out.println("alone does so in less than 5 %, corrected after Holm over the arms of a load:");
    out.println();
    out.println(heads());
    for (String arm : arms()) {
      if (!arm.equals(SloBench.GEARBOX)) {
        out.println(differences(arm));
      }
    }
    out.println();
    out.println("of gearbox, by load: " + String.join("; ", details()));
    out.println();
    out.println("| pool | band at 0.9 | load | answers | within | width |");
    out.println("| --- | --- | --- | ---: | ---: | ---: |");
    for (Coverage each : result.coverage()) {
      out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %d | %.3f | %.2f |%n",
          each.pool(),
          each.target(),
          each.load(),
          each.answers(),
          each.share(),
          each.width());
    }
  }

  private String heads() {
    StringBuilder heads = new StringBuilder("| arm |");
    StringBuilder rule = new StringBuilder("| --- |");
    for (double rate : rates) {
      heads.append(String.format(Locale.ROOT, " %.2f/s |", rate));
      rule.append(" ---: |");
    }
    return heads + " mean |\n" + rule + " ---: |";
  }

  private String differences(String arm) {
    StringBuilder row = new StringBuilder("| " + arm + " |");
    for (double rate : rates) {
      Interval each = result.difference(rate, arm);
      double chance = result.chances(rate).getOrDefault(arm, each.high() < 0 ? 0.0 : 1.0);
      String mark = each.mean() < 0 && chance < 0.05 ? " **loses**" : "";
      row.append(
          String.format(
              Locale.ROOT,
              " %+.3f [%+.3f, %+.3f]%s |",
              each.mean(),
              each.low(),
              each.high(),
              mark));
    }
    double gain = mean(SloBench.GEARBOX) - mean(arm);
    return row.append(String.format(Locale.ROOT, " %+.3f |", gain)).toString();
  }

  private List<String> details() {
    List<String> lines = new ArrayList<>();
    for (double rate : rates) {
      SloBench.Cell cell = result.cell(rate, SloBench.GEARBOX);
      Map<String, Object> json = cell(rate, cell);
      lines.add(
          "%.2f/s attainment %s, refused %s"
              .formatted(rate, json.get("attainment"), json.get("refused")));
    }
    return lines;
  }

  /** Whether there was a search: real time cannot be tried again. */
  private boolean searched() {
    return arms().contains(SloBench.CLAIRVOYANT);
  }

  private List<String> arms() {
    return result.cells().stream().map(SloBench.Cell::arm).distinct().toList();
  }

  private double mean(String arm) {
    return rates.stream().mapToDouble(rate -> result.cell(rate, arm).qwg()).average().orElse(0);
  }

  private double meanBound() {
    return rates.stream().mapToDouble(this::bound).average().orElse(0);
  }

  private static double share(double part, double whole) {
    return whole == 0 ? 1 : part / whole;
  }

  private double bound(double rate) {
    return result.bounds().getOrDefault(rate, 0.0);
  }

  Map<String, Object> json() {
    List<Map<String, Object>> loads = new ArrayList<>();
    for (double rate : rates) {
      Map<String, Object> policies = new LinkedHashMap<>();
      for (String arm : arms()) {
        policies.put(arm, cell(rate, result.cell(rate, arm)));
      }
      Map<String, Object> load = new LinkedHashMap<>();
      load.put("load", rate);
      load.put("rps", rate);
      load.put("policies", policies);
      load.put("bound", round(bound(rate)));
      double ours = result.cell(rate, SloBench.GEARBOX).qwg();
      if (searched()) {
        double search = result.cell(rate, SloBench.CLAIRVOYANT).qwg();
        load.put("clairvoyant_share", round(share(ours, search)));
      }
      load.put("bound_share", round(share(ours, bound(rate))));
      loads.add(load);
    }
    Map<String, Object> means = new LinkedHashMap<>();
    arms().forEach(arm -> means.put(arm, Map.of("qwg", round(mean(arm)))));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seeds", seeds);
    json.put("seconds", seconds);
    json.put("knobs", result.knobs());
    json.put("loads", loads);
    json.put("mean", means);
    double ours = mean(SloBench.GEARBOX);
    if (searched()) {
      json.put("clairvoyant_share", round(share(ours, mean(SloBench.CLAIRVOYANT))));
    }
    json.put("bound_share", round(share(ours, meanBound())));
    json.put("coverage", coverage());
    return json;
  }

  /** By pool: the share within the band by target, its width, and both by third of the load. */
  private Map<String, Object> coverage() {
    Map<String, Object> pools = new TreeMap<>();
    for (Coverage each : result.coverage()) {
      boolean all = each.load().equals("all");
      Map<String, Object> pool = inner(pools, each.pool());
      Map<String, Object> place = all ? pool : inner(inner(pool, "load"), each.load());
      place.put(each.target(), round(each.share()));
      inner(place, "width").put(each.target(), round(each.width()));
      inner(place, "answers").put(each.target(), each.answers());
    }
    return pools;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> inner(Map<String, Object> outer, String name) {
    return (Map<String, Object>)
        outer.computeIfAbsent(name, key -> new LinkedHashMap<String, Object>());
  }

  private Map<String, Object> cell(double rate, SloBench.Cell cell) {
    Map<String, Double> attainment = new TreeMap<>();
    for (Tally run : cell.runs()) {
      run.attainment()
          .forEach(
              (name, share) -> attainment.merge(name, share / cell.runs().size(), Double::sum));
    }
    attainment.replaceAll((name, share) -> round(share));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("qwg", round(cell.qwg()));
    json.put("attainment", attainment);
    json.put("mean_quality", mean(cell, Tally::meanQuality));
    json.put("goodput", mean(cell, Tally::goodput));
    json.put("refused", mean(cell, Tally::refused));
    if (!cell.arm().equals(SloBench.GEARBOX)) {
      Interval interval = result.difference(rate, cell.arm());
      json.put("difference", List.of(round(interval.low()), round(interval.high())));
      Double chance = result.chances(rate).get(cell.arm());
      if (chance != null) {
        json.put("p_holm", round(chance));
      }
    }
    return json;
  }

  private static double mean(SloBench.Cell cell, ToDoubleFunction<Tally> measure) {
    return round(cell.runs().stream().mapToDouble(measure).average().orElse(0));
  }

  private static double round(double value) {
    return Math.round(value * 1e4) / 1e4;
  }
}
