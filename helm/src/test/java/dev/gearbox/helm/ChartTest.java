package dev.gearbox.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class ChartTest {
  private final ObjectSchemas schemas = new ObjectSchemas();

  static Stream<Path> values() {
    return Chart.values().stream();
  }

  @Test
  void passesHelmLintStrict() {
    assertThat(Chart.linted().isFailed()).as("%s", Chart.linted().getMessages()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("values")
  void everyObjectIsAsItsSchemaSays(Path values) {
    List<JsonNode> objects = Chart.rendered(values);
    assertThat(objects).hasSizeGreaterThan(3);
    assertThat(objects.stream().flatMap(each -> schemas.faults(each).stream())).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void rendersOnTheOldestKubernetesToo(Path values) {
    assertThat(Chart.rendered(values, Chart.KUBERNETES.getFirst())).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("values")
  void noTwoObjectsShareANameAndAllCarryTheLabels(Path values) {
    Set<String> names = new HashSet<>();
    for (JsonNode each : Chart.rendered(values)) {
      assertThat(names.add(Chart.name(each))).as("a second %s", Chart.name(each)).isTrue();
      if (!Chart.name(each).endsWith("-note")) {
        List<String> labels = new ArrayList<>(each.at("/metadata/labels").propertyNames());
        assertThat(labels)
            .as(Chart.name(each))
            .contains(
                "helm.sh/chart",
                "app.kubernetes.io/name",
                "app.kubernetes.io/instance",
                "app.kubernetes.io/version",
                "app.kubernetes.io/part-of",
                "app.kubernetes.io/managed-by");
      }
    }
  }

  @Test
  void theMatrixMakesEveryKindThatHasASchema() {
    Set<String> made = new TreeSet<>();
    Chart.values()
        .forEach(values ->
            Chart.rendered(values).forEach(each -> made.add(each.path("kind").asString())));
    assertThat(made)
        .containsExactlyInAnyOrder(
            "ConfigMap",
            "Deployment",
            "HTTPRoute",
            "HorizontalPodAutoscaler",
            "InferencePool",
            "Ingress",
            "NetworkPolicy",
            "PodDisruptionBudget",
            "PodMonitor",
            "PrometheusRule",
            "Role",
            "RoleBinding",
            "ScaledObject",
            "Secret",
            "Service",
            "ServiceAccount",
            "ServiceMonitor",
            "StatefulSet");
  }

  @Test
  void aSchemaFindsWhatIsWrong() {
    JsonNode right = Chart.one(Chart.rendered("{}"), "Deployment", "prod-gearbox-gateway");
    assertThat(schemas.faults(right)).isEmpty();
    var wrong = (tools.jackson.databind.node.ObjectNode) right.deepCopy();
    ((tools.jackson.databind.node.ObjectNode) wrong.path("spec")).put("replicaCount", 2);
    assertThat(schemas.faults(wrong)).hasSize(1).first().asString().contains("replicaCount");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gateway: {replicas: 3}                           | additional properties 'replicas' not allowed
          gateway: {drainSeconds: -1}                      | /gateway/drainSeconds
          engines: {pools: {Big_One: {variant: x}}}        | Big_One
          engines: {pools: {a: {}}}                        | missing property 'variant'
          engines: {pools: {a: {variant: x, hardware: tpu}}} | no 'tpu' in engines.hardware, which has cpu, gpu
          engines: {pools: {a: {variant: x, autoscaling: {enabled: true}, keda: {enabled: true}}}} | cannot both
          engines: {pools: {a: {variant: x, keda: {enabled: true}}}} | which Prometheus shall KEDA ask?
          engines: {pools: {a: {variant: x, weights: {pull: false}}}} | nothing to run
          engines: {pools: {a: {variant: x, weights: {file: a.gguf}}}} | needs weights.existingClaim
          engines: {pools: {a: {variant: x, weights: {file: ../a.gguf}}}} | /weights/file
          engines: {pools: {a: {variant: x, settings: {endpoints: []}}}} | settings.endpoints: the chart sets it
          gateway: {autoscaling: {enabled: true}, keda: {enabled: true}} | cannot both
          gateway: {keda: {enabled: true}}                 | nothing to scale by
          config: {server: {port: 1}}                      | config.server.port: the chart sets it
          config: {server: {drain: 1s}}                    | from gateway.drainSeconds
          config: {modles: []}                             | additional properties 'modles' not allowed
          config: {models: []}                             | /config/models
          image: {digest: latest}                          | /image/digest
          ingress: {enabled: true}                         | name at least one host
          httpRoute: {enabled: true}                       | name the Gateway
          tests: {image: curl}                             | /tests/image
          """)
  void wrongValuesAreRefusedByName(String values, String message) {
    assertThatThrownBy(() -> Chart.rendered(values)).hasMessageContaining(message);
  }

  @Test
  void anOlderKubernetesIsRefused() {
    assertThatThrownBy(() -> Chart.rendered(Chart.values().getFirst(), "1.29.9"))
        .hasMessageContaining(">=1.30.0");
  }
}
