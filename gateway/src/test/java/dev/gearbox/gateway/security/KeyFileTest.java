package dev.gearbox.gateway.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.watch.FileWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that come, go and are rotated while a gateway runs. */
class KeyFileTest {
  @TempDir private Path folder;
  private final Gatekeeper gatekeeper =
      new Gatekeeper(
          List.of(
              new Tenant("acme", List.of(KeyHash.of("first").toString()), "standard"),
              new Tenant("other", List.of(), "standard")),
          true);

  private boolean opens(String key) {
    return gatekeeper.check(
            new Credentials(InetAddress.getLoopbackAddress(), "Bearer " + key, Set.of()))
        instanceof Result.Ok<Caller>;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 2000 && !condition.getAsBoolean(); i++) {
      Thread.sleep(10);
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void keysOfAChangedFileOpenAndThoseThatLeftItDoNot() throws Exception {
    Path file = folder.resolve("keys");
    Path written = folder.resolve("audit.jsonl");
    Files.writeString(file, "# whose\nother " + KeyHash.of("second") + " of the night shift\n");
    try (AuditLog audit = AuditLog.open(written, 1 << 20, 1, InstantSource.system());
        FileWatch watch = new FileWatch()) {
      KeyFile.open(file, gatekeeper, audit, watch);
      assertThat(opens("first")).isTrue();
      assertThat(opens("second")).isTrue();
      String voucher = gatekeeper.vouch(new Caller("other", "standard", "other"), "request 1");

      Files.writeString(
          file, "other %s\nother %s\n".formatted(KeyHash.of("third"), KeyHash.of("second")));
      await(() -> opens("third"));
      assertThat(opens("second")).isTrue();
      assertThat(gatekeeper.vouched(voucher, "request 1"))
          .as("by a key that is not the first any more")
          .isInstanceOf(Result.Ok.class);
      assertThat(gatekeeper.vouched(voucher, "request 2")).isInstanceOf(Result.Refused.class);

      Files.writeString(file, "other " + KeyHash.of("third") + "\n");
      await(() -> !opens("second"));

      Files.writeString(file, "other third\n");
      await(() -> read(written).contains("line 1"));
      assertThat(opens("third")).as("a wrong file changes nothing").isTrue();
    }
    assertThat(Files.readString(written))
        .contains("\"outcome\":\"done\",\"added\":\"other:")
        .contains("\"outcome\":\"refused\"")
        .doesNotContain(KeyHash.of("third").toString());
  }

  @Test
  void aWrongFileStopsTheStartWithItsLine() throws Exception {
    try (FileWatch watch = new FileWatch()) {
      Path file = folder.resolve("keys");
      assertThatThrownBy(() -> KeyFile.open(file, gatekeeper, AuditLog.NONE, watch))
          .hasMessageContaining("security.keys-file");
      for (String wrong :
          List.of("acme\n", "\nacme gbx_plain\n", "nobody " + KeyHash.of("x") + "\n")) {
        Files.writeString(file, wrong);
        assertThatThrownBy(() -> KeyFile.open(file, gatekeeper, AuditLog.NONE, watch))
            .hasMessageMatching(".* line [12]: .*")
            .hasMessageNotContaining("gbx_plain");
      }
    }
  }

  @Test
  void theAuditIsRotatedAndKeepsWhatItWasToldTo() throws Exception {
    Path written = folder.resolve("logs/audit.jsonl");
    try (AuditLog audit = AuditLog.open(written, 2048, 2, InstantSource.system())) {
      for (int i = 0; i < 200; i++) {
        audit.refused("api", "127.0.0.1", "GET /v1/models", 401, "the API key is not known");
      }
    }
    try (var files = Files.list(written.getParent())) {
      assertThat(files.map(each -> each.getFileName().toString()))
          .containsExactlyInAnyOrder("audit.jsonl", "audit.jsonl.1", "audit.jsonl.2");
    }
    assertThat(Files.size(written)).isLessThan(4096);
  }

  @Test
  void keysHaveTheStrengthThatTheirHashRestsOn() {
    assertThat(KeyHash.newKey()).matches("gbx_[A-Za-z0-9_-]{43}").isNotEqualTo(KeyHash.newKey());
    assertThatThrownBy(() -> KeyHash.parse("sha256:abc")).hasMessageContaining("gearbox key new");
  }
}
