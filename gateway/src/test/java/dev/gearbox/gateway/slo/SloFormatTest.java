package dev.gearbox.gateway.slo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.gateway.config.ConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SloFormatTest {
  private static final String CLASSES =
      """
      gearbox:
        models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
        classes:
          - name: interactive
            targets: {ttft: 300ms, tpot: 50ms, quality: 0.8}
            attainment: 0.95
            window: 30d
            priority: 10
            weights: {quality: 1.5, attainment: 2.0, cost: 0.1}
            hedge: 250ms
          - {name: batch, targets: {deadline: 1h}, attainment: 0.9, window: 12h, priority: -10, lane: bulk}
      """;

  @TempDir private Path folder = Path.of("");
  private List<ClassConfig> classes = List.of();

  @BeforeEach
  void configure() throws Exception {
    classes = load(CLASSES);
  }

  private List<ClassConfig> load(String yaml) throws Exception {
    Path file = Files.writeString(folder.resolve("gearbox.yaml"), yaml);
    return ConfigLoader.load(file, Map.of()).gearbox().classes().stream()
        .filter(each -> !each.name().equals("standard"))
        .toList();
  }

  @Test
  void whatOpenSloSaysIsReadBackAsItWas() throws Exception {
    String models = CLASSES.substring(0, CLASSES.indexOf("  classes:"));
    String read = OpenSloReader.read("slo.yaml", SloFormat.OPENSLO.write(classes));

    assertThat(load(models + read.substring(read.indexOf("  classes:")))).isEqualTo(classes);
  }

  @Test
  void openSloHasOneObjectiveForAllTargetsAndOneForEach() {
    List<JsonNode> documents = documents(SloFormat.OPENSLO);

    assertThat(documents)
        .allSatisfy(each -> assertThat(each.path("apiVersion").asString()).isEqualTo("openslo/v1"))
        .extracting(each -> each.at("/metadata/name").asString())
        .contains("interactive-all", "interactive-ttft", "interactive-quality", "batch-deadline")
        .doesNotContain("interactive-deadline");
    for (JsonNode slo : documents) {
      if (slo.path("kind").asString().equals("SLO")) {
        assertThat(slo.at("/spec/objectives").size()).isEqualTo(1);
        assertThat(slo.at("/spec/objectives/0/target").asDouble()).isBetween(0.0, 1.0);
        assertThat(slo.at("/spec/timeWindow/0/isRolling").asBoolean()).isTrue();
      }
    }
  }

  @Test
  void slothGetsQueriesWithItsWindowAndPercent() {
    JsonNode sloth = documents(SloFormat.SLOTH).getFirst();

    assertThat(sloth.path("version").asString()).isEqualTo("prometheus/v1");
    assertThat(sloth.at("/slos/0/objective").asDouble()).isEqualTo(95.0);
    assertThat(sloth.at("/slos/0/sli/events/error_query").asString())
        .isEqualTo(
            "sum(rate(gearbox_attainment_total{class=\"interactive\",target=\"all\",met=\"false\"}[{{.window}}]))");
    assertThat(sloth.at("/slos/0/sli/events/total_query").asString())
        .contains("[{{.window}}]")
        .doesNotContain("met=");
    assertThat(sloth.at("/slos/0/alerting/page_alert/labels/severity").asString())
        .isEqualTo("page");
  }

  /** As Pyrra's own validation has it. */
  @Test
  void pyrraGetsBareSelectorsAndPercentAsText() {
    for (JsonNode pyrra : documents(SloFormat.PYRRA)) {
      JsonNode target = pyrra.at("/spec/target");
      assertThat(target.isString()).isTrue();
      assertThat(Double.parseDouble(target.asString()))
          .as("target is from 0-100, not 0-1")
          .isBetween(1.0, 100.0);
      assertThat(pyrra.at("/spec/window").asString()).matches("\\d+[dhms]");
      for (String part : List.of("errors", "total")) {
        assertThat(pyrra.at("/spec/indicator/ratio/" + part + "/metric").asString())
            .matches("gearbox_attainment_total\\{[^{}]*}");
      }
      assertThat(pyrra.at("/metadata/name").asString()).matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
      assertThat(pyrra.at("/metadata/namespace").isString()).isTrue();
    }
  }

  @Test
  void prometheusRulesHaveWindowsInProportionToTheClass() {
    String rules = SloFormat.PROMETHEUS_RULE.write(classes);
    JsonNode groups = documents(SloFormat.PROMETHEUS_RULE).getFirst().path("groups");

    assertThat(groups.at("/0/name").asString()).isEqualTo("gearbox-slo-interactive");
    assertThat(groups.get(0).toString()).contains("[1h]", "[5m]", "[3d]", "> 0.72");
    assertThat(groups.get(1).toString())
        .as("a class over 12 h has windows a sixtieth as long, and cannot burn at 14.4 times")
        .contains("[1m]", "[5s]", "\"interval\":\"2s\"", "> 0.9 ");
    assertThat(rules).contains("GearboxBudgetBurnsFast", "severity: page");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          isRolling: true          | calendar: {startTime: x} | 12 | rolling windows
          budgetingMethod: Occurrences | budgetingMethod: Timeslices | 13 | Occurrences
          target: 0.95             | target: 95               | 14 | is it a targetPercent?
          target: 0.95             | {target: 0.95, targetPercent: 95} | 14 | which?
          type: Gearbox            | type: Datadog            | 9 | got 'Datadog'
          target: ttft             | target: tttt             | 9 | there is: ttft, tpot
          op: lte                  | op: gt                   | 14 | ttft is good when lte
          apiVersion: openslo/v1   | apiVersion: openslo/v1alpha | 1 | must be openslo/v1
          """)
  void whatCannotBeKeptIsRefusedWithItsLine(String was, String is, int line, String said) {
    String slo =
        """
        apiVersion: openslo/v1
        kind: SLO
        metadata: {name: quick}
        spec:
          service: chat
          indicator:
            spec:
              thresholdMetric:
                metricSource: {type: Gearbox, spec: {target: ttft, unit: ms}}
          timeWindow:
            - duration: 30d
              isRolling: true
          budgetingMethod: Occurrences
          objectives: [{op: lte, value: 300, target: 0.95}]
        """;
    assertThat(OpenSloReader.read("a.yaml", slo)).contains("name: quick", "ttft: 300ms");
    String wrong =
        is.startsWith("{")
            ? slo.replace("target: 0.95}", is.substring(1))
            : slo.replace(was.strip(), is.strip());

    assertThatThrownBy(() -> OpenSloReader.read("a.yaml", wrong))
        .hasMessageStartingWith("a.yaml:")
        .hasMessageContaining(said.strip());
    assertThatThrownBy(() -> OpenSloReader.read("a.yaml", wrong))
        .hasMessageMatching("(?s)a\\.yaml:(%d|%d): .*".formatted(line, line - 1));
  }

  private List<JsonNode> documents(SloFormat format) {
    return StreamSupport.stream(new Yaml().loadAll(format.write(classes)).spliterator(), false)
        .map(each -> JsonMapper.shared().<JsonNode>valueToTree(each))
        .toList();
  }
}
