package dev.gearbox.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.AttentionSpec;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.engine.Lane;
import dev.gearbox.gateway.config.Configuration.Held;
import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import dev.gearbox.workshop.settings.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  @TempDir Path folder;

  @Test
  void theBuiltInConfigurationServesAutoOnLoopback() throws Exception {
    GearboxConfig config = ConfigLoader.load(null, Map.of()).gearbox();

    assertThat(config.server().host()).isEqualTo("127.0.0.1");
    assertThat(config.server().port()).isEqualTo(8080);
    assertThat(config.models()).extracting(ModelConfig::name).containsExactly("auto");
    assertThat(config.pools()).hasSize(1);
    assertThat(config.pools().getFirst().variants())
        .containsExactly(
            "smollm2-135m-q4_1", "qwen2.5-coder-0.5b-q4_k_m", "qwen2.5-coder-1.5b-q4_k_m");
    assertThat(config.classes())
        .extracting(ClassConfig::name)
        .containsExactly("interactive", "standard", "batch");
    assertThat(config.classes().getLast().toServiceClass().lane()).isEqualTo(Lane.BULK);
  }

  @Test
  void aFileReplacesSectionsAndItsClassesJoinTheBuiltInOnes() throws Exception {
    GearboxConfig config =
        load("""
        gearbox:
          server: {port: 9999, drain: 5s}
          models:
            - {name: small, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}
          pools:
            - {name: cpu, variants: [smollm2-135m-q4_1], threads: 2, kv-memory: 2GB}
          classes:
            - name: interactive
              targets: {ttft: 300ms, tpot: 50ms, quality: 0.80}
              window: 30d
          tenants:
            - name: acme
              keys: ["sha256:%s"]
              class: interactive
              limits: {requests-per-minute: 600, concurrent: 50}
          policy: {record: {keep: 50}}
        """
                .formatted("ab".repeat(32)))
            .gearbox();

    assertThat(config.server().port()).isEqualTo(9999);
    assertThat(config.server().adminPort()).isEqualTo(9090);
    assertThat(config.server().drain()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.pools().getFirst().kvMemory()).isEqualTo(new DataSize(2L << 30));
    assertThat(config.pools().getFirst().threadsOrCores()).isEqualTo(2);
    assertThat(config.classes())
        .extracting(ClassConfig::name)
        .containsExactly("interactive", "standard", "batch");
    assertThat(config.classes().getFirst().targets().ttft()).isEqualTo(Duration.ofMillis(300));
    assertThat(config.tenants().getFirst().limits().concurrent()).isEqualTo(50);
    assertThat(config.policy().record().keep()).isEqualTo(50);
  }

  @Test
  void aPoolSaysHowKeysAndValuesAreKeptAndWhatTokensSee() throws Exception {
    assertThat(pool("max-sequences: 4").cpuOptions()).isEqualTo(CpuOptions.DEFAULT);
    assertThat(pool("kv-cache-type: q8_0, attention: {kind: window, window: 512}").cpuOptions())
        .isEqualTo(new CpuOptions(KvType.Q8_0, new AttentionSpec.Window(4, 512)));
    assertThat(pool("attention: {kind: top-blocks, blocks: 32}").cpuOptions())
        .isEqualTo(new CpuOptions(KvType.F16, new AttentionSpec.TopBlocks(32)));
    assertThatThrownBy(() -> pool("kv-cache-type: q4_0, attention: {kind: top-blocks, blocks: 2}"))
        .hasMessageContaining("expected f16|f32|q8_0, got 'q4_0'")
        .hasMessageContaining("must be 8 to");
  }

  @Test
  void aRemotePoolDescribesWhatOnlyServersHold() throws Exception {
    Configuration read =
        load(
            """
            gearbox:
              models:
                - {name: auto, reference: big, variants: [big, bare, smollm2-135m-q4_1]}
              pools:
                - {name: cpu, variants: [smollm2-135m-q4_1]}
                - name: gpu
                  device: remote
                  dialect: llama-server
                  hardware: tpu
                  endpoints: ["http://10.0.0.7:8000", "https://example.org/base"]
                  cost-per-1k-tokens: 0.02
                  variants: [{name: big, served-as: Org/Big, quality: 0.9}, bare]
                  patience: {probe: 1s}
            """);
    PoolConfig pool = read.gearbox().pools().getLast();
    assertThat(pool.isRemote()).isTrue();
    assertThat(pool.variants()).containsExactly("big", "bare");
    assertThat(pool.members().getFirst().remoteName()).isEqualTo("Org/Big");
    assertThat(pool.members().getLast()).isEqualTo(PoolVariant.of("bare"));
    assertThat(pool.dialect()).isEqualTo(Dialect.LLAMA_SERVER);
    assertThat(pool.hardware()).isEqualTo(Hardware.TPU);
    assertThat(pool.costPer1kTokens()).isEqualTo(0.02);
    assertThat(pool.patience().toPatience().probe()).hasSeconds(1);
    QualityLedger none = QualityLedger.load(Path.of("there-is-none"));
    assertThat(read.quality(pool.members().getFirst(), none)).isEqualTo(0.9);
    assertThat(read.quality(pool.members().getLast(), none)).isNull();
  }

  @Test
  void everyMistakeInARemotePoolIsTold() throws Exception {
    assertThat(
            problems(
                """
                gearbox:
                  pools:
                    - name: cpu
                      endpoints: ["http://10.0.0.7:8000"]
                      variants: [{name: smollm2-135m-q4_1, quality: 1}]
                    - {name: empty, device: remote}
                    - name: gpu
                      device: remote
                      dialect: vlm
                      variants: [{name: x, tokenizer: smollm}]
                      endpoints: ["ftp://x", "http://a:1", "http://a:1"]
                  models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
                """))
        .anyMatch(each -> each.contains("only a pool with device: remote has endpoints"))
        .anyMatch(each -> each.contains("only a pool with device: remote describes its variants"))
        .anyMatch(each -> each.contains("a remote pool needs at least one endpoint"))
        .anyMatch(each -> each.contains("a remote pool names what its servers hold"))
        .anyMatch(each -> each.contains("got 'vlm', did you mean 'vllm'?"))
        .anyMatch(each -> each.contains("got 'smollm'"))
        .anyMatch(each -> each.contains("got 'ftp://x'"))
        .anyMatch(each -> each.contains("is in the list twice"));
  }

  @Test
  void aPoolOnAGpuSaysWhichAndMayNotAskForWhatItsKernelsLack() throws Exception {
    assertThat(pool("device: cpu-simd").deviceId()).isEqualTo("cpu-simd");
    assertThat(pool("device: gpu-opencl, kv-cache-type: f32").deviceId()).isEqualTo("gpu-opencl");
    assertThat(pool("device: gpu-opencl, opencl-device: radeon").deviceId())
        .isEqualTo("gpu-opencl-radeon");
    assertThatThrownBy(() -> pool("opencl-device: radeon"))
        .hasMessageContaining("opencl-device: is for pools with device: gpu-opencl");
    assertThatThrownBy(() -> pool("device: gpu-opencl, kv-cache-type: q8_0"))
        .hasMessageContaining("device: gpu-opencl keeps keys and values as f16 or f32, got q8_0");
    assertThatThrownBy(() -> pool("device: gpu-opencl, attention: {kind: window, window: 512}"))
        .hasMessageContaining("attention must be full, got window:512,sinks:4");
    assertThatThrownBy(
            () -> pool("device: gpu-opencl, adapters: [{name: a, weights: \"file:a.gguf\"}]"))
        .hasMessageContaining("gpu-opencl takes no adapters");
  }

  private PoolConfig pool(String settings) throws Exception {
    return load("gearbox: {pools: [{name: cpu, %s}]}".formatted(settings))
        .gearbox()
        .pools()
        .getFirst();
  }

  @Test
  void everyMistakeIsToldAtOnceWithItsLineAndWhatWasMeant() throws Exception {
    assertThat(
            problems(
                """
                gearbox:
                  server:
                    prot: 8080
                    drain: 30
                  models:
                    - name: auto
                      reference: qwen2.5-coder-1.5b-q4_k_m
                      variants: [smollm2-135m-q4_1, qwen2.5-coder-0.5b-q4_k]
                  pools:
                    - name: cpu
                      device: cpu-smid
                      kv-memory: 2 elephants
                      threads: 0
                  classes:
                    - {name: fast, attainment: 95, lane: bluk}
                  tenants:
                    - {name: acme, keys: [secret], class: intractive}
                  kafka: {}
                  grpc: {}
                """))
        .containsExactly(
            "test.yaml:3: gearbox.server.prot: unknown key 'prot', did you mean 'port'?",
            "test.yaml:4: gearbox.server.drain: expected a duration with its unit (us, ms, s, m, h,"
                + " d) such as 300ms or 30d, got '30'",
            "test.yaml:8: gearbox.models[0].variants[1]: no variant 'qwen2.5-coder-0.5b-q4_k' in"
                + " the catalog, did you mean 'qwen2.5-coder-0.5b-q4_k_m'?",
            "test.yaml:11: gearbox.pools[0].device: expected one of cpu-simd, gpu-opencl, remote;"
                + " got 'cpu-smid', did you mean 'cpu-simd'?",
            "test.yaml:12: gearbox.pools[0].kv-memory: expected a size such as 512MB or 2GB, got '2"
                + " elephants'",
            "test.yaml:13: gearbox.pools[0].threads: must be 1 to 1024, got 0",
            "test.yaml:15: gearbox.classes[0].attainment: must be 0.001 to 0.99999, got 95",
            "test.yaml:15: gearbox.classes[0].lane: expected one of interactive, bulk; got 'bluk',"
                + " did you mean 'bulk'?",
            "test.yaml:17: gearbox.tenants[0].keys[0]: expected sha256:[0-9a-f]{64}, got something else",
            "test.yaml:17: gearbox.tenants[0].class: no class 'intractive', did you mean"
                + " 'interactive'?",
            "test.yaml:17: gearbox.tenants[0].keys: needs at least one key, here or in security.keys-file",
            "test.yaml:18: gearbox.kafka.bootstrap-servers: is missing: Brokers to ask first, as"
                + " HOST:PORT,HOST:PORT",
            "test.yaml:19: gearbox.grpc: unknown key 'grpc'; known are server, models, catalog,"
                + " pools, classes, tenants, policy, security, telemetry, batches, kafka");
  }

  @Test
  void environmentVariablesOverrideSingleKeysInsideListsToo() throws Exception {
    GearboxConfig config =
        ConfigLoader.load(
                null,
                Map.of(
                    "GEARBOX_SERVER_ADMINPORT", "9999",
                    "GEARBOX_SERVER_MAX_BODY", "1MB",
                    "GEARBOX_POOLS_0_THREADS", "3",
                    "GEARBOX_MODELS", "/somewhere",
                    "GEARBOX_SERVER_PORT", "tcp://10.0.0.1:80"))
            .gearbox();

    assertThat(config.server().adminPort()).isEqualTo(9999);
    assertThat(config.server().maxBody().bytes()).isEqualTo(1 << 20);
    assertThat(config.pools().getFirst().threads()).isEqualTo(3);
    assertThat(config.pools().getFirst().name()).isEqualTo("cpu");
    assertThat(config.server().port()).isEqualTo(8080);
  }

  @Test
  void everySettingSaysWhereItComesFromAndNoneASecret() throws Exception {
    String secret = "sha256:" + "ab".repeat(32);
    Path file =
        Files.writeString(
            folder.resolve("test.yaml"),
            """
            gearbox:
              server: {max-body: 3MB, drain: 90s}
              pools:
                - {name: cpu}
                - {name: far, device: remote, endpoints: ["https://me:hush@10.0.0.1"], variants: [big]}
              tenants: [{name: acme, keys: ["%s"]}]
              classes: [{name: standard, attainment: 0.9}]
            """
                .formatted(secret));
    Configuration read =
        ConfigLoader.load(file, Map.of("GEARBOX_POOLS_0_THREADS", "3"))
            .listening("127.0.0.1", 8080, 9999);

    assertThat(read.settings())
        .contains(
            new Held("gearbox.server.max-body", "3MB", file + ":2"),
            new Held("gearbox.server.drain", "90s", file + ":2"),
            new Held("gearbox.server.port", "8080", "default"),
            new Held("gearbox.server.admin-port", "9999", "command line"),
            new Held("gearbox.pools[cpu].threads", "3", "GEARBOX_POOLS_0_THREADS"),
            new Held("gearbox.pools[cpu].kv-memory", "1GB", "default"),
            new Held("gearbox.pools[far].endpoints", "https://secret@10.0.0.1", file + ":5"),
            new Held("gearbox.tenants[acme].keys", "secret", file + ":6"),
            new Held("gearbox.classes[standard].attainment", "0.9", file + ":7"),
            new Held("gearbox.classes[interactive].targets.ttft", "1s", "built-in"))
        .noneMatch(one -> (one.value() + one.path()).matches(".*(hush|abab).*"));
  }

  @Test
  void aVariableThatIsWrongIsNamed() {
    assertThatThrownBy(() -> ConfigLoader.load(null, Map.of("GEARBOX_SERVER_DRAIN", "soon")))
        .hasMessageContaining("GEARBOX_SERVER_DRAIN: gearbox.server.drain: expected a duration");
  }

  @Test
  void onlySomeModelsKeepTheReferenceAndTakeTheNameTheyWereCalledBy() throws Exception {
    Configuration small = ConfigLoader.load(null, Map.of()).only(List.of("smollm2"));

    assertThat(small.gearbox().models())
        .extracting(ModelConfig::name)
        .containsExactly("auto", "smollm2");
    assertThat(small.gearbox().models().getFirst().reference())
        .isEqualTo("qwen2.5-coder-1.5b-q4_k_m");
    assertThat(small.gearbox().pools().getFirst().variants()).containsExactly("smollm2-135m-q4_1");
    assertThatThrownBy(() -> ConfigLoader.load(null, Map.of()).only(List.of("smollm9")))
        .hasMessageContaining("no variant 'smollm9'");
  }

  @Test
  void adaptersAreVariantsOfTheirPoolAndLieBesideTheConfiguration() throws Exception {
    PoolConfig pool =
        load("""
        gearbox:
          models:
            - {name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1, sql]}
          pools:
            - name: cpu
              adapters: [{name: sql, base: smollm2-135m-q4_1, weights: "file:sql.gguf"}]
              max-loras: 2
        """)
            .gearbox()
            .pools()
            .getFirst();

    assertThat(pool.variants()).containsExactly("smollm2-135m-q4_1");
    assertThat(pool.maxLoras()).isEqualTo(2);
    assertThat(pool.maxLoraRank()).isEqualTo(64);
    assertThat(pool.adapters().getFirst().file().path()).isEqualTo(folder.resolve("sql.gguf"));
    assertThat(pool.adapters().getFirst().file().factor()).isEqualTo(1);
  }

  @Test
  void adaptersThatFitNoVariantAreProblems() throws Exception {
    assertThat(
            problems(
                """
                gearbox:
                  models:
                    - {name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1, qwen2.5-coder-0.5b-q4_k_m]}
                  pools:
                    - name: cpu
                      variants: [smollm2-135m-q4_1, qwen2.5-coder-0.5b-q4_k_m]
                      adapters:
                        - {name: a, weights: "file:a.gguf"}
                        - {name: b, base: smollm2-135m-q4_0, weights: "file:b.gguf"}
                        - {name: smollm2-135m-q4_1, base: smollm2-135m-q4_1, weights: "file:c.gguf"}
                """))
        .anyMatch(p -> p.contains("must name the variant"))
        .anyMatch(p -> p.contains("does not run 'smollm2-135m-q4_0', did you mean"))
        .anyMatch(p -> p.contains("'smollm2-135m-q4_1' is the name of a variant"))
        .hasSize(3);
  }

  private Configuration load(String yaml) throws IOException, InvalidSettingsException {
    return ConfigLoader.load(Files.writeString(folder.resolve("test.yaml"), yaml), Map.of());
  }

  private List<String> problems(String yaml) throws IOException {
    try {
      load(yaml);
    } catch (InvalidSettingsException e) {
      String prefix = folder + "/";
      return e.problems().stream().map(Problem::toString).map(p -> p.replace(prefix, "")).toList();
    }
    throw new AssertionError("loaded what is wrong");
  }
}
