package dev.gearbox.gateway.cli;

import dev.gearbox.policy.simulate.EngineProfile;
import dev.gearbox.policy.simulate.RealBench;
import dev.gearbox.policy.simulate.SloBench;
import dev.gearbox.policy.simulate.StepProfile;
import dev.gearbox.policy.simulate.Tally;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How near the simulator came to what {@link RealBench} found. */
record TwinReport(RealBench bench, RealBench.Result result) {
  /** Share of all requests with every target met, really and in virtual time. */
  private record Row(
      double rate, String arm, double real, double twin, double qwg, double twinQwg) {
    double off() {
      return Math.abs(real - twin);
    }
  }

  void print(Screen screen) {
    var out = screen.out();
    out.println();
    for (EngineProfile each : profiles()) {
      StepProfile steps = each.steps();
      out.printf(
          Locale.ROOT,
          "%s: a step %.2f ms, each sequence %.2f ms, each prompt token %.3f ms%n",
          each.variant().name(),
          steps.step() * 1e3,
          steps.sequence() * 1e3,
          steps.prefill() * 1e3);
    }
    out.println();
    out.println("| load | arm | attainment | simulated | qwg | simulated |");
    out.println("| ---: | --- | ---: | ---: | ---: | ---: |");
    for (Row row : rows()) {
      out.printf(
          Locale.ROOT,
          "| %.3f/s | %s | %.3f | %.3f | %.3f | %.3f |%n",
          row.rate,
          row.arm,
          row.real,
          row.twin,
          row.qwg,
          row.twinQwg);
    }
    out.println();
    out.printf(
        Locale.ROOT,
        "the simulator is off by %.3f at most (%s), and has the arms in %s order%n",
        worst(),
        worst() <= RealBench.TWIN ? "within 0.05" : "more than 0.05",
        sameOrder() ? "the same" : "another");
  }

  Map<String, Object> json() {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Row row : rows()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("rps", row.rate);
      one.put("arm", row.arm);
      one.put("attainment", row.real);
      one.put("simulated", row.twin);
      one.put("qwg", row.qwg);
      one.put("simulated_qwg", row.twinQwg);
      rows.add(one);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("worst", worst());
    json.put("within", worst() <= RealBench.TWIN);
    json.put("same_order", sameOrder());
    json.put("cells", rows);
    json.put("profiles", profiles().stream().map(TwinReport::json).toList());
    return json;
  }

  private static Map<String, Object> json(EngineProfile profile) {
    return Map.of(
        "variant", profile.variant().name(),
        "step_ms", profile.steps().step() * 1e3,
        "sequence_ms", profile.steps().sequence() * 1e3,
        "prefill_ms", profile.steps().prefill() * 1e3);
  }

  private List<EngineProfile> profiles() {
    return bench.fleet().devices().stream().flatMap(List::stream).toList();
  }

  private double worst() {
    return rows().stream().mapToDouble(Row::off).max().orElse(0);
  }

  /** Whether the arms rank alike by quality-weighted goodput at every load. */
  private boolean sameOrder() {
    for (double rate : bench.rates()) {
      List<Row> of = rows().stream().filter(row -> row.rate == rate).toList();
      List<String> real = ranked(of, Comparator.comparingDouble(Row::qwg));
      if (!real.equals(ranked(of, Comparator.comparingDouble(Row::twinQwg)))) {
        return false;
      }
    }
    return true;
  }

  private static List<String> ranked(List<Row> rows, Comparator<Row> by) {
    return rows.stream().sorted(by.thenComparing(Row::arm)).map(Row::arm).toList();
  }

  private List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (SloBench.Cell twin : result.twin()) {
      SloBench.Cell real = result.real().cell(twin.rate(), twin.arm());
      rows.add(
          new Row(twin.rate(), twin.arm(), goodput(real), goodput(twin), real.qwg(), twin.qwg()));
    }
    return rows;
  }

  private static double goodput(SloBench.Cell cell) {
    return cell.runs().stream().mapToDouble(Tally::goodput).average().orElse(0);
  }
}
