package dev.gearbox.gateway.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files at rest: read as they were written, or not at all. */
class VaultTest {
  @TempDir private Path folder;

  private Path keys(int... seeds) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int seed : seeds) {
      byte[] key = new byte[32];
      new Random(seed).nextBytes(key);
      lines.append(Base64.getEncoder().encodeToString(key)).append('\n');
    }
    return Files.writeString(folder.resolve("keys" + Arrays.toString(seeds)), lines);
  }

  private Vault vault(int... seeds) throws IOException {
    return new Vault(SealKeys.read(keys(seeds)));
  }

  private Path written(Vault vault, String name, String... pieces) throws IOException {
    Path file = folder.resolve(name);
    try (Vault.Sink sink = vault.create(file)) {
      for (String piece : pieces) {
        sink.write(piece.getBytes(StandardCharsets.UTF_8));
      }
      sink.finish();
    }
    return file;
  }

  private static String read(Vault vault, Path file) throws IOException {
    try (InputStream in = vault.read(file, true)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void whatIsSealedIsReadAsItWasAndShowsNothing() throws Exception {
    Vault vault = vault(1);
    String secret = "canary-prompt ".repeat(9000);
    Path file = written(vault, "file-1", secret, "", "the end\n");

    assertThat(read(vault, file)).isEqualTo(secret + "the end\n");
    assertThat(vault.size(file)).isEqualTo(secret.length() + 8);
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
        .doesNotContain("canary");
    assertThat(Files.readAllBytes(written(vault, "file-2", "same")))
        .isNotEqualTo(Files.readAllBytes(written(vault, "file-2", "same")));
  }

  @Test
  void noByteOfItCanBeChangedOrCutOff() throws Exception {
    Vault vault = vault(1);
    Path file = written(vault, "file-1", "first line\n", "second line\n", "third line\n");
    byte[] good = Files.readAllBytes(file);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Files.write(file, bad);
      assertThatThrownBy(() -> read(vault, file)).as("byte " + i).isInstanceOf(IOException.class);
    }
    for (int length = 0; length < good.length; length++) {
      Files.write(file, Arrays.copyOf(good, length));
      assertThatThrownBy(() -> read(vault, file)).as("cut").isInstanceOf(IOException.class);
    }
  }

  @Test
  void whoeverReadsAFileWithADamagedEndGetsLessThanAllOfIt() throws Exception {
    Vault vault = vault(1);
    Path file = written(vault, "file-1", "first line\n", "second line\n");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);

    ByteArrayOutputStream got = new ByteArrayOutputStream();
    try (InputStream in = vault.read(file, true)) {
      assertThatThrownBy(() -> in.transferTo(got)).hasMessageContaining("damaged");
    }
    assertThat(got.toString(StandardCharsets.UTF_8)).isEqualTo("first line\n");
  }

  @Test
  void aFileIsNotTakenForAnotherNorAPieceForAnother() throws Exception {
    Vault vault = vault(1);
    Path file = written(vault, "file-1", "aaaa", "bbbb", "cccc");
    Files.copy(file, folder.resolve("file-2"));
    assertThatThrownBy(() -> read(vault, folder.resolve("file-2")))
        .hasMessageContaining("file-2 is damaged at piece 0");
    byte[] bytes = Files.readAllBytes(file);
    int piece = 4 + SealedFile.NONCE_BYTES + 4 + SealedFile.TAG_BYTES;
    byte[] swapped = bytes.clone();
    System.arraycopy(bytes, SealedFile.HEADER, swapped, SealedFile.HEADER + piece, piece);
    System.arraycopy(bytes, SealedFile.HEADER + piece, swapped, SealedFile.HEADER, piece);
    Files.write(file, swapped);
    assertThatThrownBy(() -> read(vault, file)).hasMessageContaining("damaged");
  }

  @Test
  void anUploadKeepsItsSealWhenItGetsItsName() throws Exception {
    Vault vault = vault(1);
    Path part = written(vault, "file-1.part", "text");
    Files.move(part, folder.resolve("file-1"), StandardCopyOption.ATOMIC_MOVE);
    assertThat(read(vault, folder.resolve("file-1"))).isEqualTo("text");
  }

  @Test
  void keysAreChangedByPuttingAnotherBeforeThem() throws Exception {
    Path old = written(vault(1), "file-1", "old");
    Vault both = vault(2, 1);
    Path fresh = written(both, "file-2", "new");

    assertThat(read(both, old)).isEqualTo("old");
    assertThat(read(vault(2), fresh)).isEqualTo("new");
    assertThatThrownBy(() -> read(vault(2), old))
        .hasMessageContaining("sealed with a key that is not in security.encryption-key-file");
  }

  @Test
  void sealedAndPlainFilesAreNotMixedUp() throws Exception {
    Path plain = written(Vault.PLAIN, "file-1", "{\"custom_id\":\"1\"}\n", "more ".repeat(20));
    Path sealed = written(vault(1), "file-2", "text");

    assertThat(read(Vault.PLAIN, plain)).startsWith("{");
    assertThatThrownBy(() -> read(vault(1), plain)).hasMessageContaining("is not sealed");
    assertThatThrownBy(() -> read(Vault.PLAIN, sealed))
        .hasMessageContaining("security.encryption-key-file is not configured");
  }

  @Test
  void aFileGoesOnBehindItsLastWholePiece() throws Exception {
    Vault vault = vault(1);
    Path file = folder.resolve("file-1");
    try (Vault.Sink sink = vault.append(file)) {
      sink.write("one\n".getBytes(StandardCharsets.UTF_8));
      sink.write("two\n".getBytes(StandardCharsets.UTF_8));
    }
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 3));
    try (Vault.Sink sink = vault.append(file)) {
      sink.write("two again\n".getBytes(StandardCharsets.UTF_8));
      sink.finish();
    }
    assertThat(read(vault, file)).isEqualTo("one\ntwo again\n");
    try (Vault.Sink sink = vault.append(file)) {
      sink.write("three\n".getBytes(StandardCharsets.UTF_8));
      sink.finish();
    }
    assertThat(read(vault, file)).isEqualTo("one\ntwo again\nthree\n");
    byte[] torn = Files.readAllBytes(file);
    torn[SealedFile.HEADER + 20] ^= 1;
    Files.write(file, torn);
    assertThatThrownBy(() -> vault.append(file))
        .as("one that is not the last")
        .hasMessageContaining("damaged at piece 0");
  }

  @Test
  void aKeyFileThatIsNoneIsRefusedWithWhatToDo() throws Exception {
    for (String wrong : new String[] {"", "short\n", "x".repeat(44) + "\n"}) {
      Path file = Files.writeString(folder.resolve("wrong"), wrong);
      assertThatThrownBy(() -> SealKeys.read(file)).hasMessageContaining("openssl rand -base64 32");
    }
    assertThatThrownBy(() -> SealKeys.read(folder.resolve("none")))
        .hasMessageContaining("cannot read security.encryption-key-file");
  }
}
