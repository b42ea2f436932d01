package dev.gearbox.helm;

import static dev.gearbox.helm.Chart.containers;
import static dev.gearbox.helm.Chart.name;
import static dev.gearbox.helm.Chart.pod;
import static dev.gearbox.helm.Chart.workloads;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What kube-linter checks unless told otherwise, by its names, on every object of the matrix. */
class PodPolicyTest {
  private static final List<List<JsonNode>> RENDERED =
      Chart.values().stream().map(Chart::rendered).toList();

  static Stream<List<JsonNode>> rendered() {
    return RENDERED.stream();
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void containersHaveNoRightsTheyDoNotNeed(List<JsonNode> objects) {
    for (JsonNode workload : workloads(objects)) {
      JsonNode pod = pod(workload).path("spec");
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).as(name(workload)).isTrue();
      for (String host : List.of("hostNetwork", "hostPID", "hostIPC")) {
        assertThat(pod.path(host).asBoolean(false)).as("%s %s", name(workload), host).isFalse();
      }
      pod.path("volumes")
          .forEach(volume ->
              // sensitive-host-mounts, docker-sock
              assertThat(volume.has("hostPath")).as("%s: %s", name(workload), volume).isFalse());
      for (JsonNode container : containers(pod(workload))) {
        JsonNode context = container.path("securityContext");
        String where = name(workload) + "/" + container.path("name").asString();
        assertThat(context.path("readOnlyRootFilesystem").asBoolean()).as(where).isTrue();
        assertThat(context.path("runAsNonRoot").asBoolean()).as(where).isTrue();
        assertThat(context.path("runAsUser").asInt()).as(where).isGreaterThanOrEqualTo(10_000);
        assertThat(context.path("privileged").asBoolean(true)).as(where).isFalse();
        assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).as(where).isFalse();
        assertThat(context.at("/capabilities/drop").toString()).as(where).contains("ALL");
        assertThat(context.at("/seccompProfile/type").asString())
            .as(where)
            .isEqualTo("RuntimeDefault");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void containersSayWhatTheyUse(List<JsonNode> objects) {
    for (JsonNode workload : workloads(objects)) {
      for (JsonNode container : containers(pod(workload))) {
        String where = name(workload) + "/" + container.path("name").asString();
        for (String bound : List.of("requests", "limits")) {
          JsonNode resources = container.path("resources").path(bound);
          assertThat(Set.copyOf(resources.propertyNames())).as(where).contains("cpu", "memory");
        }
        assertThat(container.path("image").asString())
            .as(where)
            .matches(".+(:[^/:]+|@sha256:[0-9a-f]{64})")
            .doesNotEndWith(":latest");
        container
            .path("env")
            .forEach(variable -> {
              // env-var-secret: what is secret comes from a Secret
              if (variable.path("name").asString().matches("(?i).*(secret|password|_keys?_).*")) {
                assertThat(variable.at("/valueFrom/secretKeyRef").isObject())
                    .as("%s %s", where, variable)
                    .isTrue();
              }
            });
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void probesAskPortsThatTheContainerHas(List<JsonNode> objects) {
    for (JsonNode workload : workloads(objects)) {
      pod(workload)
          .at("/spec/containers")
          .forEach(container -> {
            Set<String> ports =
                container
                    .path("ports")
                    .valueStream()
                    .map(port -> port.path("name").asString())
                    .collect(Collectors.toSet());
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
              assertThat(ports)
                  .as("%s %s", name(workload), probe)
                  .contains(container.path(probe).at("/httpGet/port").asString());
            }
          });
    }
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void podsThatGoGetTheTimeToDrain(List<JsonNode> objects) {
    for (JsonNode workload : workloads(objects)) {
      JsonNode container = pod(workload).at("/spec/containers/0");
      if (container.has("lifecycle")) {
        int grace = pod(workload).at("/spec/terminationGracePeriodSeconds").asInt();
        int sleeps = container.at("/lifecycle/preStop/sleep/seconds").asInt();
        assertThat(grace - sleeps - drain(objects, container))
            .as(name(workload))
            .isGreaterThanOrEqualTo(10);
      }
    }
  }

  /** Seconds that the program itself waits for answers that run. */
  private static int drain(List<JsonNode> objects, JsonNode container) {
    if (container.path("name").asString().equals("engine")) {
      for (JsonNode variable : container.path("env")) {
        if (variable.path("name").asString().equals("GEARBOX_SERVER_DRAIN")) {
          return Integer.parseInt(variable.path("value").asString().replace("s", ""));
        }
      }
      throw new AssertionError("an engine that does not know how long it may drain");
    }
    return (int) RenderedConfig.of(objects).load().gearbox().server().drain().toSeconds();
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void selectorsPickThePodsTheyAreMeantFor(List<JsonNode> objects) {
    List<Map<String, String>> pods =
        workloads(objects).stream().map(each -> labels(pod(each).at("/metadata/labels"))).toList();
    for (JsonNode object : objects) {
      switch (object.path("kind").asString()) {
        // mismatching-selector
        case "Deployment", "StatefulSet" ->
            assertThat(labels(pod(object).at("/metadata/labels")))
                .as(name(object))
                .containsAllEntriesOf(labels(object.at("/spec/selector/matchLabels")));
        // dangling-service, dangling-networkpolicy, dangling-horizontalpodautoscaler
        case "Service" -> picks(object, labels(object.at("/spec/selector")), pods);
        case "PodDisruptionBudget", "InferencePool" ->
            picks(object, labels(object.at("/spec/selector/matchLabels")), pods);
        case "NetworkPolicy" -> {
          Map<String, String> picked = labels(object.at("/spec/podSelector/matchLabels"));
          String component = picked.getOrDefault("app.kubernetes.io/component", "");
          if (!component.equals("test")) { // that pod is only there while helm test runs
            picks(object, picked, pods);
          }
        }
        case "HorizontalPodAutoscaler", "ScaledObject" ->
            Chart.one(
                objects,
                object.at("/spec/scaleTargetRef/kind").asString(),
                object.at("/spec/scaleTargetRef/name").asString());
        default -> {}
      }
    }
  }

  private static void picks(
      JsonNode object, Map<String, String> selector, List<Map<String, String>> pods) {
    assertThat(selector).as(name(object)).isNotEmpty();
    assertThat(pods)
        .as(name(object))
        .anySatisfy(labels -> assertThat(labels).containsAllEntriesOf(selector));
  }

  private static Map<String, String> labels(JsonNode node) {
    Map<String, String> labels = new TreeMap<>();
    node.properties().forEach(each -> labels.put(each.getKey(), each.getValue().asString()));
    return labels;
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void nothingScalesTwice(List<JsonNode> objects) {
    Set<String> scaled =
        Stream.concat(
                Chart.of(objects, "HorizontalPodAutoscaler").stream(),
                Chart.of(objects, "ScaledObject").stream())
            .map(each -> each.at("/spec/scaleTargetRef/name").asString())
            .peek(name ->
                assertThat(
                        workloads(objects).stream()
                            .filter(each -> each.at("/metadata/name").asString().equals(name)))
                    .as(name)
                    .singleElement()
                    .satisfies(each -> assertThat(each.at("/spec").has("replicas")).isFalse()))
            .collect(Collectors.toSet());
    assertThat(scaled)
        .hasSize(
            Chart.of(objects, "HorizontalPodAutoscaler").size()
                + Chart.of(objects, "ScaledObject").size());
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void evictionsNeverWaitForPodsThatAreNotReady(List<JsonNode> objects) {
    for (JsonNode budget : Chart.of(objects, "PodDisruptionBudget")) {
      JsonNode spec = budget.path("spec");
      assertThat(spec.path("unhealthyPodEvictionPolicy").asString()).isEqualTo("AlwaysAllow");
      assertThat(spec.has("minAvailable") ^ spec.has("maxUnavailable")).as(name(budget)).isTrue();
      assertThat(spec.path("minAvailable").asString()).isNotEqualTo("100%");
      assertThat(spec.path("maxUnavailable").asString()).isNotIn("0", "0%");
    }
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void replicasKeepApart(List<JsonNode> objects) {
    for (JsonNode workload : workloads(objects)) {
      // no-anti-affinity
      assertThat(pod(workload).at("/spec/affinity/podAntiAffinity").isObject())
          .as(name(workload))
          .isTrue();
      assertThat(pod(workload).at("/spec/topologySpreadConstraints"))
          .as(name(workload))
          .hasSizeGreaterThanOrEqualTo(2);
    }
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void onlyGatewaysHaveARightAndItIsTheSmallest(List<JsonNode> objects) {
    for (JsonNode role : Chart.of(objects, "Role")) {
      assertThat(role.path("rules").toString())
          .isEqualTo(
              "[{\"apiGroups\":[\"discovery.k8s.io\"],\"resources\":[\"endpointslices\"],\"verbs\":[\"list\"]}]");
    }
    for (JsonNode workload : workloads(objects)) {
      JsonNode pod = pod(workload).path("spec");
      boolean gateway = pod.at("/containers/0/name").asString().equals("gateway");
      assertThat(pod.path("automountServiceAccountToken").asBoolean())
          .as(name(workload))
          .isEqualTo(gateway);
      // deprecated-service-account-field, default-service-account
      assertThat(pod.has("serviceAccount")).isFalse();
      assertThat(pod.path("serviceAccountName").asString()).isNotEmpty();
      // non-existent-service-account
      String account = pod.path("serviceAccountName").asString();
      if (!Chart.of(objects, "ServiceAccount").isEmpty()) {
        Chart.one(objects, "ServiceAccount", account);
      }
    }
    assertThat(Chart.of(objects, "ClusterRole")).isEmpty();
    assertThat(Chart.of(objects, "ClusterRoleBinding")).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void everyPodIsCutOffUnlessARuleSaysOtherwise(List<JsonNode> objects) {
    List<JsonNode> policies = Chart.of(objects, "NetworkPolicy");
    if (policies.isEmpty()) {
      return; // somebody else isolates pods: bare-values.yaml
    }
    JsonNode deny = Chart.one(objects, "NetworkPolicy", policyPrefix(policies) + "-deny");
    assertThat(deny.at("/spec/policyTypes").toString()).isEqualTo("[\"Ingress\",\"Egress\"]");
    assertThat(deny.path("spec").has("ingress") || deny.path("spec").has("egress")).isFalse();
    Map<String, String> denied = labels(deny.at("/spec/podSelector/matchLabels"));
    for (JsonNode workload : workloads(objects)) {
      assertThat(labels(pod(workload).at("/metadata/labels"))).containsAllEntriesOf(denied);
    }
  }

  private static String policyPrefix(List<JsonNode> policies) {
    return policies.getFirst().at("/metadata/name").asString().replaceAll("-[a-z]+$", "");
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void adminPortsAreOnNoServiceButThatOfMetrics(List<JsonNode> objects) {
    for (JsonNode service : Chart.of(objects, "Service")) {
      boolean metrics = service.at("/metadata/name").asString().endsWith("-metrics");
      service
          .at("/spec/ports")
          .forEach(port ->
              assertThat(port.path("targetPort").asString())
                  .as(name(service))
                  .isEqualTo(metrics ? "metrics" : "http"));
    }
  }
}
