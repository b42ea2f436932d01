package dev.gearbox.gateway.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.DriverManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BatchStoreTest {
  @TempDir private Path folder;

  private static StoredFile file(String id) {
    return new StoredFile(id, "acme", id + ".jsonl", StoredFile.INPUT, 1, 1);
  }

  @Test
  void aDatabaseThatAFailedWriteClosedIsOpenedAgain() throws Exception {
    try (var store = BatchStore.open(folder, Vault.PLAIN)) {
      store.add(file("file-a"));
      // What H2 does itself when the disk is full.
      try (var other =
              DriverManager.getConnection(
                  "jdbc:h2:file:" + folder.resolve("batches") + ";WRITE_DELAY=0", "sa", "");
          var statement = other.createStatement()) {
        statement.execute("SHUTDOWN IMMEDIATELY");
      }

      assertThat(store.file("acme", "file-a")).isEqualTo(file("file-a"));
      store.add(file("file-b"));
      assertThat(store.files("acme", null, null, 10))
          .containsExactly(file("file-b"), file("file-a"));
    }
  }
}
