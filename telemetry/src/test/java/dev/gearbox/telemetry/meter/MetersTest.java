package dev.gearbox.telemetry.meter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.record.TraceContext;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.SignalStore;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetersTest {
  private final SignalStore store = new SignalStore(() -> 0, Runnable::run);
  private final Meters meters = new Meters(3);

  MetersTest() {
    meters.observe(store);
    store.addEngine(
        "cpu/small",
        () ->
            new EngineSignal(
                "cpu/small",
                "cpu",
                "small",
                "cpu-simd",
                EngineSignal.State.READY,
                2,
                3,
                0,
                0,
                8,
                25,
                100,
                0),
        () -> new EngineCounters(1, 2, 3, 4, 5, 6, 7, 8));
  }

  @Test
  void adaptersAreNamedByTheEngineWhoseBatchTheyAreInAndCountedThere() {
    store.addEngine("cpu/base", () -> lora("cpu/base", "base", 3, 1, 4));
    store.addEngine("cpu/base+sql", () -> lora("cpu/base+sql", "sql", 2, 0, 0));
    store.addEngine("cpu/base+chat", () -> lora("cpu/base+chat", "chat", 1, 1, 0));
    store.addEngine("cpu/base+idle", () -> lora("cpu/base+idle", "idle", 0, 0, 0));

    assertThat(text())
        .containsPattern(
            "vllm:lora_requests_info\\{engine=\"cpu/base\",running_lora_adapters=\"chat,sql\","
                + "waiting_lora_adapters=\"chat\",max_lora=\"4\",?} [0-9.E]+")
        .doesNotContain("engine=\"cpu/small\",running_lora")
        .contains("vllm:num_requests_running{model_name=\"base\",engine=\"cpu/base\",} 3.0")
        .doesNotContain("num_requests_running{model_name=\"sql\"")
        .contains("engine=\"cpu/base+idle\",state=\"ready\"");
  }

  private static EngineSignal lora(
      String engine, String variant, int running, int waiting, int maxLoras) {
    EngineSignal.State ready = EngineSignal.State.READY;
    return new EngineSignal(
        engine, "cpu", variant, "cpu-simd", ready, running, waiting, 0, 0, 8, 5, 9, 0, 0, maxLoras);
  }

  @Test
  void enginesAreScrapedByTheNamesOfVllm() {
    assertThat(text())
        .contains("vllm:num_requests_running{model_name=\"small\",engine=\"cpu/small\",} 2.0")
        .contains("vllm:num_requests_waiting{model_name=\"small\",engine=\"cpu/small\",} 3.0")
        .contains("vllm:kv_cache_usage_perc{model_name=\"small\",engine=\"cpu/small\",} 0.75")
        .contains("engine=\"cpu/small\",block_size=\"16\",num_gpu_blocks=\"100\",} 1.0")
        .contains("vllm:num_preemptions_total{model_name=\"small\",engine=\"cpu/small\",} 5.0")
        .contains(
            "vllm:spec_decode_num_drafts_total{model_name=\"small\",engine=\"cpu/small\",} 6.0")
        .contains(
            "vllm:spec_decode_num_draft_tokens_total{model_name=\"small\",engine=\"cpu/small\",} 7.0")
        .contains(
            "vllm:spec_decode_num_accepted_tokens_total{model_name=\"small\",engine=\"cpu/small\",} 8.0")
        .contains("gearbox_engine_state{pool=\"cpu\",engine=\"cpu/small\",state=\"ready\",} 1.0")
        .contains("gearbox_engine_state{pool=\"cpu\",engine=\"cpu/small\",state=\"loading\",} 0.0");
  }

  @Test
  void aFinishedRequestIsCountedOnBothSides() {
    store.finished(timeline("auto", Outcome.STOP, 200));

    assertThat(text())
        .contains(
            "gearbox_requests_total{model=\"auto\",variant=\"small\",pool=\"cpu\",class=\"std\",code=\"200\",} 1.0")
        .contains("vllm:prompt_tokens_total{model_name=\"small\",engine=\"cpu/small\",} 10.0")
        .contains("vllm:generation_tokens_total{model_name=\"small\",engine=\"cpu/small\",} 5.0")
        .contains("vllm:prefix_cache_hits_total{model_name=\"small\",engine=\"cpu/small\",} 4.0")
        .contains("finished_reason=\"stop\",} 1.0")
        .contains(
            "vllm:time_to_first_token_seconds_sum{model_name=\"small\",engine=\"cpu/small\",} 0.2")
        .contains(
            "gen_ai_server_time_per_output_token_seconds_sum{gen_ai_provider_name=\"gearbox\",gen_ai_request_model=\"auto\",} 0.1")
        .contains("gen_ai_token_type=\"output\",} 5.0");
  }

  @Test
  void aStepIsATokenGapForEverySequenceInDecode() {
    store.step(new StepRecord("cpu/small#2", "cpu-simd", 4, 100, 16, 0, 50_000_000, 50_000_000, 0));

    assertThat(text())
        .contains(
            "vllm:inter_token_latency_seconds_count{model_name=\"small\",engine=\"cpu/small#2\",} 4.0")
        .contains(
            "vllm:inter_token_latency_seconds_sum{model_name=\"small\",engine=\"cpu/small#2\",} 0.4")
        .contains(
            "vllm:iteration_tokens_total_sum{model_name=\"small\",engine=\"cpu/small#2\",} 20.0");
  }

  @Test
  void everySeriesOfAConfiguredClassIsThereFromTheStart() {
    meters.policy().expect("interactive", List.of("ttft"));

    for (String target : List.of("ttft", "all")) {
      for (String met : List.of("true", "false")) {
        assertThat(text())
            .contains(
                "gearbox_attainment_total{class=\"interactive\",target=\"%s\",met=\"%s\",} 0.0"
                    .formatted(target, met));
      }
    }
  }

  @Test
  void labelValuesBeyondTheBoundAreOther() {
    for (int i = 0; i < 50; i++) {
      store.finished(timeline("model-" + i, Outcome.STOP, 200));
    }

    assertThat(text()).contains("model-2").doesNotContain("model-3").contains("model=\"other\"");
  }

  @Test
  void modelsThatDoNotExistTakeNobodysPlace() {
    for (int i = 0; i < 50; i++) {
      store.finished(timeline("typo-" + i, Outcome.REFUSED, 404));
    }
    store.finished(timeline("auto", Outcome.STOP, 200));

    assertThat(text()).doesNotContain("typo").contains("model=\"auto\"");
  }

  @Test
  void whatIsNoNameIsOther() {
    store.finished(timeline("m".repeat(10_000), Outcome.STOP, 200));
    store.finished(timeline("a\u0007b", Outcome.STOP, 200));
    store.finished(timeline("quote\"back\\slash", Outcome.STOP, 200));
    store.finished(timeline("shed-load", Outcome.REFUSED, 429));

    assertThat(text())
        .contains("gen_ai_request_model=\"other\",le=\"+Inf\",} 3.0")
        .contains("model=\"quote\\\"back\\\\slash\"")
        .doesNotContain("mmm", "\u0007", "shed-load");
  }

  @Test
  void aModelThatIsConfiguredHasItsNameBeforeItAnswers() {
    meters.gateway().expect(List.of("auto"));
    store.finished(timeline("auto", Outcome.REFUSED, 429));

    assertThat(text()).contains("gearbox_requests_total{model=\"auto\",variant=\"none\"");
  }

  @Test
  void bucketsNameATraceThatFellIntoThem() {
    TraceContext trace =
        new TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad", null, null, true, "chat");
    store.finished(timeline("auto", Outcome.STOP, 200).in(trace));
    String open = meters.exposition().contentType("application/openmetrics-text; version=1.0.0");

    assertThat(meters.exposition().text(open))
        .containsPattern(
            "vllm:time_to_first_token_seconds_bucket.*le=\"0.25\"} 1.0 # \\{.*"
                + "trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 0.2 ");
    assertThat(text()).doesNotContain("trace_id");
  }

  @Test
  void energyIsThatOfTheStepsOfThisMachine() {
    Meters energetic = new Meters(3);
    SignalStore steps = new SignalStore(() -> 0, Runnable::run);
    energetic.observeEnergy(
        steps, () -> 0, device -> device.equals("here") ? 8 : Double.NaN, Path.of("/nowhere"));
    steps.step(new StepRecord("cpu/small#2", "here", 1, 1, 0, 0, 0, 500_000_000, 0));
    steps.step(new StepRecord("gpu/large", "elsewhere", 1, 1, 0, 0, 0, 500_000_000, 0));

    assertThat(energetic.exposition().text(meters.exposition().contentType(null)))
        .containsPattern("gearbox_energy_joules_total\\{variant=\"small\",source=\"model\",} 4.0")
        .doesNotContain("variant=\"large\"");
  }

  @Test
  void whatTheMachineCountsIsSharedOutByTheTimeOfSteps(@TempDir Path powercap) throws Exception {
    Path counter = Files.createDirectories(powercap.resolve("intel-rapl:0")).resolve("energy_uj");
    Files.writeString(counter, "9000000\n");
    Files.writeString(counter.resolveSibling("max_energy_range_uj"), "10000000\n");
    Meters energetic = new Meters(3);
    SignalStore steps = new SignalStore(() -> 0, Runnable::run);
    long[] now = {0};
    energetic.observeEnergy(steps, () -> now[0], device -> 8, powercap);
    steps.step(new StepRecord("cpu/small", "here", 1, 1, 0, 0, 0, 500_000_000, 0));
    Files.writeString(counter, "3000000\n"); // wrapped
    now[0] = 2_000_000_000;
    steps.step(new StepRecord("cpu/large", "here", 1, 1, 0, 0, 0, 1_000_000_000, 0));

    assertThat(energetic.exposition().text(meters.exposition().contentType(null)))
        .contains("gearbox_energy_joules_total{variant=\"small\",source=\"rapl\",} 1.0")
        .contains("gearbox_energy_joules_total{variant=\"large\",source=\"rapl\",} 2.0");
  }

  @Test
  void onlyTheVersionThatDecidesIsShown() {
    meters.policy().version("a");
    meters.policy().version("b");

    assertThat(text())
        .contains("gearbox_policy_info{version=\"b\",} 1.0")
        .doesNotContain("version=\"a\"");
  }

  @Test
  void theAcceptHeaderChoosesTheFormat() {
    Exposition exposition = meters.exposition();
    String open = exposition.contentType("application/openmetrics-text; version=1.0.0");

    assertThat(open).startsWith("application/openmetrics-text");
    assertThat(exposition.text(open)).endsWith("# EOF\n");
    assertThat(exposition.contentType(null)).startsWith("text/plain; version=0.0.4");
    assertThat(exposition.contentType("nonsense")).startsWith("text/plain");
  }

  @Test
  void everyFamilyHasHelpAndEveryCounterEndsInTotal() {
    meters.observeProcess();
    store.finished(timeline("auto", Outcome.STOP, 200));
    for (String line : text().lines().toList()) {
      if (line.startsWith("# HELP")) {
        assertThat(line.split(" ", 4)).as(line).hasSize(4);
        assertThat(line).doesNotContain("_created");
      }
      if (line.startsWith("# TYPE") && line.endsWith(" counter")) {
        assertThat(line).endsWith("_total counter");
      }
    }
  }

  @Test
  void namesAreUnique() throws IllegalAccessException {
    List<Object> names = new ArrayList<>();
    for (Field field : MetricNames.class.getFields()) {
      names.add(field.get(null));
    }
    assertThat(names).doesNotHaveDuplicates();
  }

  private String text() {
    return meters.exposition().text(meters.exposition().contentType(null));
  }

  private static RequestTimeline timeline(String model, Outcome outcome, int code) {
    long ms = 1_000_000;
    boolean answered = code == 200;
    return new RequestTimeline(
        "r",
        null,
        model,
        answered ? "small" : null,
        answered ? "cpu" : null,
        answered ? "cpu/small" : null,
        "std",
        "acme",
        true,
        1000 * ms,
        1000 * ms,
        1000 * ms,
        answered ? 1200 * ms : 0,
        1600 * ms,
        answered ? new TokenCounts(10, 4, 5) : TokenCounts.NONE,
        new EngineTimings(10 * ms, 20 * ms, 400 * ms),
        outcome,
        code);
  }
}
