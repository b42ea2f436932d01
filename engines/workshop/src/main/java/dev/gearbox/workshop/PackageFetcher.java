package dev.gearbox.workshop;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Takes files out of packages that the machine's own package tool fetches, and joins them. Complete
 * packages are kept when it is cut off.
 *
 * @param tool how the tool is called; {@code %s} in an argument is the package, {@code %d} the
 *     folder where it shall go
 */
record PackageFetcher(Source.Packages source, List<String> tool) implements Fetcher {
  static final List<String> PIP =
      List.of(
          "python3",
          "-m",
          "pip",
          "download",
          "--quiet",
          "--no-deps",
          "--no-cache-dir",
          "--disable-pip-version-check",
          "--retries",
          "1",
          "-d",
          "%d",
          "%s");
  static final List<String> MAVEN =
      List.of(
          "mvn",
          "-B",
          "-q",
          "dependency:copy",
          "-Dartifact=%s",
          "-DoutputDirectory=%d",
          "-Dmdep.useBaseVersion=true");

  @Override
  public boolean remote() {
    return true;
  }

  @Override
  public long scratchBytes(long size) {
    // The package and the tool's own copy of it, while it is being fetched.
    return 2 * size / source.packages().size();
  }

  @Override
  public void fetch(PartialFile partial, long size, FetchListener listener)
      throws IOException, InterruptedException {
    PartialFile.Resume resume = partial.begin(source.written());
    long done = resume.bytes();
    listener.progress(done, size);
    for (int i = resume.pieces(); i < source.packages().size(); i++) {
      Path scratch = Files.createTempDirectory(partial.file().getParent(), ".fetch-");
      try {
        run(source.packages().get(i), scratch, done, size, listener);
        try (OutputStream out = partial.writeAt(done)) {
          done = unpack(downloaded(scratch), out, done, new Copy(listener, size));
        }
        partial.complete(source.written(), i + 1, done);
      } finally {
        deleteTree(scratch);
      }
    }
    if (done != size) {
      partial.delete();
      throw new IOException("gives %d bytes where the catalog says %d".formatted(done, size));
    }
  }

  private void run(String name, Path scratch, long done, long size, FetchListener listener)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    for (String word : tool) {
      command.add(word.replace("%s", name).replace("%d", scratch.toString()));
    }
    Path log = scratch.resolve("tool.log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    // The tool's scratch space goes where the space was checked.
    builder.environment().put("TMPDIR", scratch.toString());
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new IOException(command.getFirst() + " cannot be run here", e);
    }
    try {
      long piece = size / source.packages().size();
      while (!process.waitFor(200, TimeUnit.MILLISECONDS)) {
        listener.progress(Math.min(size, done + Math.min(piece, bytesUnder(scratch))), size);
      }
    } finally {
      process.destroy();
    }
    if (process.exitValue() != 0) {
      throw new IOException(command.getFirst() + ": " + lastLine(log, process.exitValue()));
    }
    Files.delete(log);
  }

  private static Path downloaded(Path scratch) throws IOException {
    try (Stream<Path> files = Files.list(scratch)) {
      return files
          .filter(f -> f.toString().matches(".*\\.(whl|zip|jar)"))
          .findFirst()
          .orElseThrow(() -> new IOException("the tool brought no whl, zip or jar"));
    }
  }

  private long unpack(Path archive, OutputStream out, long done, Copy copy) throws IOException {
    var matcher = archive.getFileSystem().getPathMatcher("glob:" + glob(source.pattern()));
    List<ZipEntry> entries = new ArrayList<>();
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
        ZipEntry entry = all.nextElement();
        if (!entry.isDirectory() && matcher.matches(Path.of(entry.getName()))) {
          entries.add(entry);
        }
      }
      if (entries.isEmpty()) {
        throw new IOException(
            "nothing in " + archive.getFileName() + " matches " + source.pattern());
      }
      entries.sort((a, b) -> a.getName().compareTo(b.getName()));
      long at = done;
      for (ZipEntry entry : entries) {
        try (var in = zip.getInputStream(entry)) {
          at = copy.transfer(in, out, at);
        }
      }
      return at;
    }
  }

  /** {@code *} reaches over folders in a source, as in Python's fnmatch. */
  private static String glob(String pattern) {
    return pattern.replace("*", "**");
  }

  private static long bytesUnder(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.map(Path::toFile).filter(File::isFile).mapToLong(File::length).sum();
    } catch (IOException | UncheckedIOException e) {
      // The tool moves its files while they are counted; the next look will do.
      return 0;
    }
  }

  private static String lastLine(Path log, int exit) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(log, StandardCharsets.ISO_8859_1)) {
      return reader
          .lines()
          .filter(l -> !l.isBlank() && !l.contains("[notice]"))
          .reduce((a, b) -> b)
          .map(String::strip)
          .orElse("exit " + exit);
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
