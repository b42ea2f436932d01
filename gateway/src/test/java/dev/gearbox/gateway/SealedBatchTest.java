package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.security.Security;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A batch from its upload to its answers, of which who has the disk learns nothing. */
class SealedBatchTest {
  private static final String LINE =
      "{\"custom_id\":\"canary-%d\",\"method\":\"POST\",\"url\":\"/v1/completions\","
          + "\"body\":{\"model\":\"auto\",\"max_tokens\":3,\"prompt\":\"canary-prompt\"}}\n";

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  @Test
  void nothingOfABatchLiesOpenOnTheDisk(@TempDir Path folder) throws Exception {
    Path keys = folder.resolve("keys");
    Files.writeString(keys, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    try (TestingServer server = TestingServer.behind(Security.of(List.of(), true), keys)) {
      String lines = LINE.formatted(1) + LINE.formatted(2);
      String upload =
          "--b\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
              + "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"canary.jsonl\"\r\n\r\n"
              + lines
              + "\r\n--b--\r\n";
      var file = server.upload("/v1/files", upload, "multipart/form-data; boundary=b");
      assertThat(file.statusCode()).as(file.body()).isEqualTo(200);
      assertThat(json(file.body()).get("bytes").asInt()).isEqualTo(lines.length());
      String input = json(file.body()).get("id").asString();
      assertThat(server.send("GET", "/v1/files/" + input + "/content").body()).isEqualTo(lines);
      var batch =
          server.post(
              "/v1/batches",
              "{\"input_file_id\":\"%s\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"1h\"}"
                  .formatted(input));
      String id = json(batch.body()).get("id").asString();
      server.await(() -> status(server, id).equals("completed"));
      String output =
          json(server.send("GET", "/v1/batches/" + id).body()).get("output_file_id").asString();
      var answers = server.send("GET", "/v1/files/" + output + "/content");
      assertThat(answers.body().lines()).hasSize(2).allMatch(line -> line.contains("w0 w1 w2"));
      assertThat(json(server.send("GET", "/v1/files/" + output).body()).get("bytes").asInt())
          .isEqualTo(answers.body().getBytes(StandardCharsets.UTF_8).length);

      try (Stream<Path> all = Files.walk(server.batches)) {
        List<Path> files = all.filter(Files::isRegularFile).toList();
        assertThat(files).hasSizeGreaterThanOrEqualTo(3);
        assertThat(files)
            .allSatisfy(each -> assertThat(text(each)).doesNotContain("canary", "w0 w1"));
      }
    }
  }

  private static String status(TestingServer server, String id) {
    try {
      return json(server.send("GET", "/v1/batches/" + id).body()).get("status").asString();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
