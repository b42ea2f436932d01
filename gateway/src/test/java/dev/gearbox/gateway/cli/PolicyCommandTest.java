package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyCommandTest {
  private static final String CONFIG =
      """
      gearbox:
        models:
          - name: auto
            reference: qwen2.5-coder-0.5b-q4_k_m
            variants: [qwen2.5-coder-0.5b-q4_k_m, smollm2-135m-q4_1]
        pools:
          - {name: cpu, device: cpu-simd}
      """;
  private static final String SCENARIOS =
      """
      policy: [default, house.csv]
      scenarios:
        - name: a floor keeps the small variant out
          tags: [quality]
          given:
            signals: two.yaml
            request: {class: standard, targets: {quality: 0.8, ttft: 2s}}
          expect: {variant: large, lane: interactive, excluded: {cpu/small: quality floor}}
        - name: guests get short answers
          given:
            request: {tenant: guest}
            candidates: [{engine: cpu/small, quality: 0.6}]
          expect: {variant: small, max-tokens: 16, fired: [short for guests], notFired: [queue full]}
        - name: nothing is ready
          given:
            candidates: [{engine: cpu/small, state: loading}]
          expect: {refused: no_engine}
      """;

  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void files() throws Exception {
    write("gearbox.yaml", CONFIG);
    write("house.csv", "rule,tenant,then cap tokens\nshort for guests,guest,16\n");
    write(
        "two.yaml",
        """
        - {engine: cpu/small, quality: 0.6, ttft: 50ms, tpot: 10ms}
        - {engine: cpu/large, quality: 1.0, ttft: 500ms, tpot: 40ms, meets: 0.9}
        """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "test", "record", "replay", "diff"})
  void everyCommandHasHelp(String command) {
    assertThat(run("policy", command, "--help")).isZero();
    assertThat(out()).startsWith("Usage: gearbox policy " + command);
  }

  @Test
  void scenariosThatComeOutPassAndRulesThatNeverFiredAreNamed() throws Exception {
    write("house.test.yaml", SCENARIOS);

    assertThat(run("policy", "test", folder.toString())).as(err()).isZero();
    assertThat(out())
        .contains("ok    a floor keeps the small variant out", "3 scenarios, 0 failed")
        .containsPattern("never: .*queue full");
  }

  @Test
  void whatComesOutOtherwiseIsToldWithValueOperatorAndThreshold() throws Exception {
    write(
        "house.test.yaml",
        SCENARIOS
                .replace("variant: large", "variant: small")
                .replace("max-tokens: 16", "max-tokens: 17")
                .replace("fired: [short", "fired: [very short")
            + "coverage: {rules: 100}\n");

    assertThat(run("policy", "test", folder.toString(), "--fail-only")).isEqualTo(1);
    assertThat(out())
        .contains("expected variant small, got large")
        .contains("cpu/small is excluded by 'quality floor': 0.6 >= 0.8 does not hold")
        .contains("expected max-tokens 17, got 16")
        .contains("expected 'very short for guests' to fire; fired [short for guests]")
        .contains("3 scenarios, 2 failed", "expected 100 %")
        .doesNotContain("ok    nothing is ready");
    out.reset();
    assertThat(run("policy", "test", folder.toString(), "--select", "quality", "--json"))
        .isEqualTo(1);
    assertThat(Json.parse(out()).path("passed").asBoolean(true)).isFalse();
    assertThat(Json.parse(out()).at("/files/0/outcomes").size()).isEqualTo(1);
  }

  @Test
  void aMistakeInAScenarioIsToldWithFileAndKey() throws Exception {
    write("house.test.yaml", SCENARIOS.replace("max-tokens: 16", "max-tokns: 16"));
    assertThat(run("policy", "test", folder.toString())).isEqualTo(1);
    assertThat(err()).contains("house.test.yaml: scenarios[1].expect.max-tokns");
    write("house.test.yaml", SCENARIOS.replace("class: standard", "class: golden"));
    assertThat(run("policy", "test", folder.toString())).isEqualTo(1);
    assertThat(err()).contains("no class 'golden'; there is batch, interactive, standard");
    write("house.test.yaml", "scenarios: [\n");
    assertThat(run("policy", "test", folder.toString())).isEqualTo(1);
    assertThat(err()).contains("line 2").doesNotContain("\tat ");
    assertThat(run("policy", "test", folder.resolve("none").toString())).isEqualTo(1);
  }

  @Test
  void theDefaultRulesPassTheCheck() throws Exception {
    Path swift =
        write(
            "swift.yaml",
            """
            simulation:
              model: auto
              engines:
                - {pool: cpu, variant: any, quality: 1.0, parameter-bytes: 1000, step-ms: 1, prefill-ms: 0.1, max-sequences: 4, source: made up}
              classes:
                - {share: 1, service: {name: interactive}}
              traffic: {rates: [1], prompt-median: 100, prompt-spread: 0, output-median: 20, output-spread: 0}
            """);

    assertThat(check("--profiles", swift.toString(), "default")).as(out()).isZero();
    assertThat(out())
        .contains("0 errors, 1 warnings")
        .as("the class that may be shed is in that lane already")
        .contains("'bulk lane for low priority' never fires");
  }

  @Test
  void aRuleThatLeavesAClassWithNobodyIsAnError() throws Exception {
    Path rules = write("none.csv", "rule,class,then exclude,then lane\nno batch,batch,yes,bulk\n");

    assertThat(check("default", rules.toString())).isEqualTo(1);
    assertThat(out()).contains("error: class 'batch' has no candidate", "no batch");
  }

  @Test
  void aTargetThatCannotBeHeldIsToldWithTheCapacityOfThePools() throws Exception {
    Path profiles =
        write(
            "profiles.yaml",
            """
            simulation:
              model: auto
              engines:
                - {pool: cpu, variant: small, quality: 0.6, parameter-bytes: 1000, step-ms: 10, prefill-ms: 1, max-sequences: 4, source: made up}
                - {pool: cpu, variant: large, quality: 1.0, parameter-bytes: 1000, step-ms: 20, prefill-ms: 4, max-sequences: 4, source: made up}
              classes:
                - {share: 1, service: {name: interactive}}
              traffic: {rates: [1, 50], prompt-median: 100, prompt-spread: 0, output-median: 20, output-spread: 0}
            """);
    write(
        "gearbox.yaml",
        CONFIG
            + """
              classes:
                - {name: interactive, targets: {ttft: 300ms, tpot: 50ms}}
                - {name: careful, targets: {ttft: 300ms, quality: 0.7}}
                - {name: swift, targets: {tpot: 5ms}}
            """);

    assertThat(
            run(
                "policy",
                "check",
                "--config",
                folder.resolve("gearbox.yaml").toString(),
                "--profiles",
                profiles.toString(),
                "default"))
        .isEqualTo(1);
    assertThat(out())
        // 0.1 s of prompt and 20 steps of 10 ms shared by four.
        .contains(
            "capacity: interactive cannot hold ttft 300 ms, tpot 50 ms above 6.67 requests/s on"
                + " these pools, and 50.0 are expected")
        .contains(
            "error: careful cannot hold ttft 300 ms at any rate: a prompt of 100 tokens alone takes"
                + " large 420 ms")
        .contains("error: swift cannot hold tpot 5 ms at any rate");
  }

  @Test
  void rulesThatConflictOrNeverCountAreNamed() throws Exception {
    Path rules =
        write(
            "odd.csv",
            """
            rule,tenant,priority,quality,then lane,then exclude
            to bulk,acme,,,bulk,
            to interactive,acme,,,interactive,
            never,,> 5000,,bulk,
            first,acme,,,,yes
            second,acme,,,,yes
            """);

    check("default", rules.toString());

    assertThat(out())
        .contains("[to bulk, to interactive] set different lanes")
        .contains("'never' never fires")
        .contains("'second' is shadowed");
  }

  @Test
  void rulesThatDoNotCompileAreToldWithFileAndLine() throws Exception {
    Path rules = write("bad.drl", "package bad\nrule \"x\"\nwhen Nothing()\nthen end\n");

    assertThat(check(rules.toString())).isEqualTo(1);
    assertThat(err()).contains("bad.drl:", "Nothing").doesNotContain("\tat ");
  }

  @Test
  void nobodyAnsweringIsSaidWithWhatToDo() {
    for (String[] command :
        new String[][] {
          {"explain", "dec-1"}, {"policy", "record", "dec-1"}, {"policy", "replay", "dec-1"}
        }) {
      assertThat(Gearbox.commandLine(new Screen(out, err, false)).execute(with(command)))
          .isEqualTo(1);
    }
    assertThat(err()).hasLineCount(3).contains("is gearbox serve running?");
    assertThat(run("explain")).isEqualTo(2);
  }

  private static String[] with(String[] command) {
    String[] all = java.util.Arrays.copyOf(command, command.length + 2);
    all[command.length] = "--port";
    all[command.length + 1] = "1";
    return all;
  }

  private int check(String... files) {
    String[] all = new String[files.length + 4];
    all[0] = "policy";
    all[1] = "check";
    all[2] = "--config";
    all[3] = folder.resolve("gearbox.yaml").toString();
    System.arraycopy(files, 0, all, 4, files.length);
    return run(all);
  }

  private Path write(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name), text);
  }

  private int run(String... arguments) {
    return Gearbox.commandLine(new Screen(out, err, false)).execute(arguments);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
