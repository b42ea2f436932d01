package dev.gearbox.gateway.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.batch.BatchSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
  @TempDir Path folder;

  private Path backup;
  private KeptPlaces places;

  @BeforeEach
  void keepSomething() throws IOException {
    backup = folder.resolve("backups/monday");
    places =
        new KeptPlaces(
            List.of(folder.resolve("policy/night.drl"), folder.resolve("policy/*.csv")),
            folder.resolve("state/records"),
            folder.resolve("state/batches"));
    write("policy/night.drl", "rule");
    write("policy/classes.csv", "a,b");
    write("policy/notes.txt", "not a rule file");
    write("state/records/000001.jsonl.gz", "records");
    write("state/batches/batches.mv.db", "database");
    write("state/batches/files/file-1", "content");
    write("state/batches/files/upload1.part", "half");
  }

  @Test
  void whatIsPutBackIsWhatWasThere() throws Exception {
    Map<String, String> before = tree(folder);
    assertThat(backup()).isEqualTo(5);
    for (String gone : List.of("policy/night.drl", "policy/classes.csv")) {
      Files.delete(folder.resolve(gone));
    }
    Backup.delete(folder.resolve("state"));
    assertThat(new Restore(places, false).from(backup)).isEqualTo(5);
    before.remove("state/batches/files/upload1.part");
    Backup.delete(folder.resolve("backups"));
    assertThat(tree(folder)).isEqualTo(before);
  }

  @Test
  void aFolderThatIsThereIsNotWrittenTo() throws Exception {
    write("backups/monday/mine", "precious");
    assertThatThrownBy(this::backup).hasMessageContaining("is there already");
    assertThat(tree(backup)).containsOnlyKeys("mine");
  }

  @Test
  void aBackupThatFailsLeavesNothingBehind() {
    Backup broken =
        new Backup(
            places,
            into -> {
              throw new IOException("the disk is full");
            },
            InstantSource.system());
    assertThatThrownBy(() -> broken.into(backup)).hasMessage("the disk is full");
    assertThat(folder.resolve("backups")).isEmptyDirectory();
  }

  @Test
  void aContentThatGoesWhileItIsCopiedIsCopiedWithItsDatabaseOnceMore() throws Exception {
    int[] copies = {0};
    Backup racing =
        new Backup(
            places,
            into -> {
              BatchSnapshot.copyClosed(places.batches(), into);
              if (++copies[0] == 1) {
                throw new java.nio.file.NoSuchFileException("file-2");
              }
            },
            InstantSource.system());
    racing.into(backup);
    assertThat(copies[0]).isEqualTo(2);
    assertThat(tree(backup.resolve("batches"))).containsOnlyKeys("batches.mv.db", "files/file-1");
  }

  @Test
  void whatIsInTheWayStaysUnlessItMayMakeWay() throws Exception {
    backup();
    write("state/records/000002.jsonl.gz", "later");
    Map<String, String> before = tree(folder);
    assertThatThrownBy(() -> new Restore(places, false).from(backup))
        .hasMessageContaining("--replace");
    assertThat(tree(folder)).isEqualTo(before);

    new Restore(places, true).from(backup);
    assertThat(tree(folder.resolve("state/records"))).containsOnlyKeys("000001.jsonl.gz");
    assertThat(tree(folder.resolve("state/records.before-restore")))
        .containsOnlyKeys("000001.jsonl.gz", "000002.jsonl.gz");
    assertThatThrownBy(() -> new Restore(places, true).from(backup))
        .hasMessageContaining("from an earlier restore");
  }

  @Test
  void aDamagedBackupChangesNothing() throws Exception {
    backup();
    Map<String, Consumer<Path>> damage =
        Map.of(
            "is not what was written", copy -> write(copy, "records/000001.jsonl.gz", "RECORDS"),
            "is missing", copy -> remove(copy.resolve("policy/0/night.drl")),
            "does not belong to it", copy -> write(copy, "policy/0/extra.drl", "rule"),
            "manifest.json is damaged", copy -> write(copy, "manifest.json", "{"),
            "has the format",
                copy ->
                    write(
                        copy,
                        "manifest.json",
                        "{\"format\":\"gearbox-backup-9\",\"made\":\"\",\"files\":[]}"),
            "is no backup", copy -> remove(copy.resolve("manifest.json")));
    Map<String, String> before = tree(folder);
    for (var each : damage.entrySet()) {
      Path copy = folder.resolve("copy");
      copy(backup, copy);
      each.getValue().accept(copy);
      assertThatThrownBy(() -> new Restore(places, true).from(copy))
          .as(each.getKey())
          .isInstanceOf(IOException.class)
          .hasMessageContaining(each.getKey());
      Backup.delete(copy);
      assertThat(tree(folder)).as(each.getKey()).isEqualTo(before);
    }
  }

  @Test
  void aManifestCannotNameWhatIsOutside() throws Exception {
    write(
        "backups/evil/manifest.json",
        "{\"format\":\"gearbox-backup-1\",\"made\":\"\",\"files\":[{\"path\":\"../../policy/night.drl\",\"size\":4,\"sha256\":\"\"}]}");
    assertThatThrownBy(() -> new Restore(places, true).from(folder.resolve("backups/evil")))
        .hasMessageContaining("is missing");
  }

  @Test
  void rulesThatAreNotConfiguredAreRefused() throws Exception {
    backup();
    KeptPlaces fewer =
        new KeptPlaces(List.of(folder.resolve("other.drl")), places.records(), places.batches());
    assertThatThrownBy(() -> new Restore(fewer, true).from(backup))
        .hasMessageContaining("night.drl");
    assertThat(folder.resolve("other.drl")).doesNotExist();
  }

  /** The last exchange cannot happen: the earlier ones are undone. */
  @Test
  void aRestoreThatFailsHalfwayIsUndone() throws Exception {
    backup();
    write("state/records/000001.jsonl.gz", "changed");
    Map<String, String> before = tree(folder);
    Restore restore =
        new Restore(
            places,
            true,
            (from, to) -> {
              if (to.endsWith("batches")) {
                throw new IOException("no more");
              }
              Backup.move(from, to);
            });
    assertThatThrownBy(() -> restore.from(backup)).hasMessage("no more");
    assertThat(tree(folder)).isEqualTo(before);
  }

  private int backup() throws IOException, InterruptedException {
    return new Backup(
            places,
            into -> BatchSnapshot.copyClosed(places.batches(), into),
            InstantSource.system())
        .into(backup);
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void write(Path root, String name, String text) {
    try {
      Files.writeString(root.resolve(name), text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void remove(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Files.copy(each, to.resolve(from.relativize(each)));
      }
    }
  }

  private static Map<String, String> tree(Path root) throws IOException {
    Map<String, String> tree = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        tree.put(root.relativize(each).toString(), Files.readString(each));
      }
    }
    return tree;
  }
}
