package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class DoctorCommandTest {
  private static final String ELSEWHERE =
      """
      gearbox:
        server: {port: %d, admin-port: 0}
        batches: {directory: batches}
        models: [{name: auto, reference: big, variants: [big]}]
        pools: [{name: far, device: remote, endpoints: ["http://127.0.0.1:%d"], variants: [big]}]
      """;

  @TempDir Path folder;

  @Test
  void aServerThatAnswersIsFine() throws IOException {
    HttpServer server = server(200);
    try {
      JsonNode told = doctor(0, ELSEWHERE.formatted(0, server.getAddress().getPort()));
      assertThat(levels(told, "pool far")).containsExactly("OK");
      assertThat(levels(told, "config")).containsExactly("OK");
      assertThat(levels(told, "java")).containsExactly("WARN"); // a test's JVM has other flags
      assertThat(told.path("ok").asBoolean()).isTrue();
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aServerThatWantsAKeyFailsWithWhatToDo() throws IOException {
    HttpServer server = server(401);
    try {
      JsonNode told = doctor(1, ELSEWHERE.formatted(0, server.getAddress().getPort()));
      assertThat(levels(told, "pool far")).containsExactly("FAIL");
      assertThat(told.toString()).contains("api-key-file");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aServerThatIsNotThereFails() throws IOException {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = socket.getLocalPort();
    }
    assertThat(levels(doctor(1, ELSEWHERE.formatted(0, nobody)), "pool far"))
        .containsExactly("FAIL");
  }

  @Test
  void aPortThatSomebodyElseHasFails() throws IOException {
    HttpServer server = server(200);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      JsonNode told =
          doctor(1, ELSEWHERE.formatted(taken.getLocalPort(), server.getAddress().getPort()));
      assertThat(levels(told, "port")).containsExactly("FAIL");
      assertThat(levels(told, "admin-port")).containsExactly("OK");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void everyMistakeOfTheConfigurationIsAFinding() throws IOException {
    JsonNode told = doctor(1, "gearbox:\n  modles: []\n  server: {port: 99999}\n");
    assertThat(levels(told, "config")).contains("FAIL", "WARN").hasSizeGreaterThanOrEqualTo(3);
    assertThat(told.toString()).contains("modles").contains("were not checked");
  }

  @Test
  void brokersThatAreNotThereFail() throws IOException {
    HttpServer server = server(200);
    try {
      String kafka = "  kafka: {bootstrap-servers: \"127.0.0.1:1\"}\n";
      JsonNode told = doctor(1, ELSEWHERE.formatted(0, server.getAddress().getPort()) + kafka);
      assertThat(levels(told, "kafka")).containsExactly("FAIL");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void linesAreForPeople() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Path config = Files.writeString(folder.resolve("gearbox.yaml"), "gearbox:\n  modles: []\n");
    assertThat(Gearbox.commandLine(screen(out)).execute("doctor", "--config", config.toString()))
        .isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("FAIL  config        ")
        .contains("did you mean 'models'?");
  }

  @Test
  void machinesAreJudged() {
    assertThat(MachineCheckup.java(21, true, List.of()).level()).isEqualTo(Finding.Level.FAIL);
    assertThat(MachineCheckup.java(25, false, List.of()).advice()).contains("--add-modules");
    assertThat(
            MachineCheckup.java(
                    25,
                    true,
                    List.of("-XX:+UseCompactObjectHeaders", "-XX:MaxDirectMemorySize=16t"))
                .level())
        .isEqualTo(Finding.Level.OK);
    assertThat(MachineCheckup.processor(Set.of("avx2", "fma")).level()).isEqualTo(Finding.Level.OK);
    assertThat(MachineCheckup.processor(Set.of("sse4_2")).level()).isEqualTo(Finding.Level.WARN);
    assertThat(MachineCheckup.descriptors(100).level()).isEqualTo(Finding.Level.FAIL);
    assertThat(MachineCheckup.descriptors(1024).level()).isEqualTo(Finding.Level.WARN);
    assertThat(MachineCheckup.descriptors(65536).level()).isEqualTo(Finding.Level.OK);
    assertThat(MachineCheckup.clock(Instant.EPOCH, folder).level()).isEqualTo(Finding.Level.FAIL);
    assertThat(MachineCheckup.clock(Instant.now(), folder).level()).isEqualTo(Finding.Level.OK);
  }

  private static HttpServer server(int status) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/models",
        exchange -> {
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private JsonNode doctor(int exit, String config) throws IOException {
    Path file = Files.writeString(folder.resolve("gearbox.yaml"), config);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(
            Gearbox.commandLine(screen(out))
                .execute("doctor", "--json", "--config", file.toString()))
        .as(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(exit);
    return Json.parse(out.toString(StandardCharsets.UTF_8));
  }

  private static List<String> levels(JsonNode told, String check) {
    return told.path("findings")
        .valueStream()
        .filter(each -> each.path("check").asString().equals(check))
        .map(each -> each.path("level").asString())
        .toList();
  }

  private static Screen screen(ByteArrayOutputStream out) {
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    return new Screen(stream, stream, false);
  }
}
