package dev.gearbox.gateway.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.telemetry.meter.Meters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordStoreTest {
  private static final long ROOM = 1 << 20;

  @TempDir Path folder;

  private final Meters meters = new Meters(10);

  @Test
  void whatWasKeptIsFoundEqualAfterARestart() throws Exception {
    List<DecisionRecord> made = TestingRecords.make(20);
    try (var store = store(ROOM)) {
      made.forEach(store::keep);
    }
    try (var store = store(ROOM)) {
      for (DecisionRecord each : made) {
        assertThat(store.find(each.id()).get()).contains(each);
      }
      assertThat(store.find("dec-00000000000000000000").get()).isEmpty();
      assertThat(store.find("../lock").get()).isEmpty();
    }
    assertThat(metrics()).contains("gearbox_decision_records_written_total 20.0");
  }

  @Test
  void aFileIsOneForGzipTooWithARecordALine() throws Exception {
    List<DecisionRecord> made = TestingRecords.make(3);
    try (var store = store(ROOM)) {
      made.forEach(store::keep);
    }
    Path file = RecordFolder.files(folder).getFirst();
    try (var in = new GZIPInputStream(Files.newInputStream(file))) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(text.lines()).hasSize(3).allMatch(line -> line.startsWith("{"));
    }
  }

  @Test
  void filesTogetherStayWithinTheirSizeAndTheOldestGo() throws Exception {
    byte[] block = new byte[30_000];
    try (var kept = new RecordFolder(folder, ROOM)) {
      for (int i = 0; i < 100; i++) {
        kept.append(block);
        assertThat(kept.bytes()).isLessThanOrEqualTo(ROOM);
      }
    }
    List<Path> files = RecordFolder.files(folder);
    long bytes = 0;
    for (Path each : files) {
      bytes += Files.size(each);
    }
    assertThat(bytes).isBetween(ROOM / 2, ROOM);
    assertThat(files.getFirst().getFileName().toString())
        .isNotEqualTo("decisions-000000001.jsonl.gz");
    try (var kept = new RecordFolder(folder, ROOM / 4)) {
      kept.append(block);
      assertThat(kept.bytes()).isLessThanOrEqualTo(ROOM / 4);
    }
  }

  @Test
  void damageIsToldWithItsPlaceAndTheRestIsRead() throws Exception {
    List<DecisionRecord> made = TestingRecords.make(3);
    List<byte[]> blocks =
        made.stream().map(each -> RecordBlocks.write(List.of(RecordJson.write(each)))).toList();
    byte[] second = blocks.get(1).clone();
    second[second.length / 2] ^= 0x40;
    byte[] third = java.util.Arrays.copyOf(blocks.get(2), blocks.get(2).length - 5);
    Path file = folder.resolve("damaged.jsonl.gz");
    Files.write(file, join(blocks.get(0), second, blocks.get(0), third));

    List<DecisionRecord> read = new ArrayList<>();
    List<RecordReader.Damage> damages = new ArrayList<>();
    RecordReader.read(file, read::add, damages::add);

    assertThat(read).containsExactly(made.get(0), made.get(0));
    assertThat(damages).hasSize(2);
    assertThat(damages.get(0).where()).isEqualTo("byte " + blocks.get(0).length);
    assertThat(damages.get(1).what()).contains("ends within a block");
  }

  @Test
  void aLineThatIsNoRecordIsToldByItsNumber() throws Exception {
    DecisionRecord made = TestingRecords.make(1).getFirst();
    String line = new String(RecordJson.write(made), StandardCharsets.UTF_8);
    Path file = Files.writeString(folder.resolve("lines"), line + "\n{\"id\":1}\n" + line + "\n{");

    List<DecisionRecord> read = new ArrayList<>();
    List<RecordReader.Damage> damages = new ArrayList<>();
    RecordReader.read(file, read::add, damages::add);

    assertThat(read).containsExactly(made, made);
    assertThat(damages).extracting(RecordReader.Damage::where).containsExactly("line 2", "line 4");
  }

  @Test
  void aFullQueueDropsAndCountsAndNobodyWaits() throws Exception {
    DecisionRecord made = TestingRecords.make(1).getFirst();
    var store = store(ROOM);
    store.close();

    store.keep(made);

    assertThat(metrics()).contains("gearbox_decision_records_dropped_total{reason=\"queue\",} 1.0");
  }

  @Test
  void twoProcessesDoNotShareAFolder() throws Exception {
    try (var _ = store(ROOM)) {
      assertThatThrownBy(() -> store(ROOM))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process", folder.toString());
    }
    store(ROOM).close();
  }

  @Test
  void aFolderThatCannotBeHadIsAnErrorThatNamesIt() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> new RecordStore(file, ROOM, meters.records()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  private RecordStore store(long bytes) throws IOException {
    return new RecordStore(folder, bytes, meters.records());
  }

  private String metrics() {
    return meters.exposition().text(meters.exposition().contentType(null));
  }

  private static byte[] join(byte[]... parts) throws IOException {
    var all = new java.io.ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.write(part);
    }
    return all.toByteArray();
  }
}
