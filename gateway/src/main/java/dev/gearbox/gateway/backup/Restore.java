package dev.gearbox.gateway.backup;

import dev.gearbox.gateway.batch.BatchSnapshot;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * Puts a backup back. Everything is copied beside its place first; then names are exchanged, which
 * either all happen or are all undone. What was there before stays, under a name with {@value
 * #BEFORE} behind it.
 */
public final class Restore {
  /** Behind the name of what was there before. */
  public static final String BEFORE = ".before-restore";

  private static final String STAGED = ".restoring";

  private final KeptPlaces places;
  private final boolean replace;
  private final Renaming renaming;

  private record Move(Path from, Path to) {}

  /** Gives a file or folder another name. */
  @FunctionalInterface
  interface Renaming {
    void rename(Path from, Path to) throws IOException;
  }

  /**
   * To these places.
   *
   * @param replace whether what is there may make way
   */
  public Restore(KeptPlaces places, boolean replace) {
    this(places, replace, Backup::move);
  }

  Restore(KeptPlaces places, boolean replace, Renaming renaming) {
    this.places = places;
    this.replace = replace;
    this.renaming = renaming;
  }

  /**
   * Checks a backup, and puts it back.
   *
   * @return files of it
   * @throws IOException when it is no whole backup, does not fit the configuration, a gateway has
   *     the batches open, or something is in the way; then everything is as it was
   */
  public int from(Path folder) throws IOException {
    Path backup = folder.toAbsolutePath().normalize();
    Manifest manifest = Manifest.verified(backup);
    List<Move> exchange = new ArrayList<>();
    List<Path> staged = new ArrayList<>();
    try {
      policy(backup, exchange, staged);
      Path records = places.records();
      if (Files.isDirectory(backup.resolve("records"))) {
        if (records == null) {
          throw new IOException("it has records, and policy.record.directory is not configured");
        }
        directory(backup.resolve("records"), records, exchange, staged);
      }
      if (Files.isDirectory(backup.resolve("batches"))) {
        BatchSnapshot.requireClosed(places.batches());
        directory(backup.resolve("batches"), places.batches(), exchange, staged);
      }
      carryOut(exchange);
      return manifest.files().size();
    } finally {
      for (Path each : staged) {
        Backup.delete(each);
      }
    }
  }

  private void policy(Path backup, List<Move> exchange, List<Path> staged) throws IOException {
    Path policy = backup.resolve("policy");
    if (!Files.isDirectory(policy)) {
      return;
    }
    for (Path group : list(policy)) {
      int number = Integer.parseInt(String.valueOf(group.getFileName()));
      for (Path file : list(group)) {
        String name = String.valueOf(file.getFileName());
        if (number >= places.rules().size()) {
          throw new IOException(
              "it has "
                  + name
                  + " of rule file "
                  + number
                  + ", and fewer are configured in policy.rules");
        }
        Path rule = places.rules().get(number);
        String pattern = String.valueOf(rule.getFileName());
        if (!FileSystems.getDefault().getPathMatcher("glob:" + pattern).matches(Path.of(name))) {
          throw new IOException(
              "it has the rule file " + name + ", and " + rule + " is configured");
        }
        Path target = rule.resolveSibling(name);
        Files.createDirectories(target.getParent());
        Path beside = beside(target, STAGED);
        staged.add(beside);
        Files.copy(file, beside, StandardCopyOption.REPLACE_EXISTING);
        exchange(beside, target, exchange);
      }
    }
  }

  private void directory(Path from, Path target, List<Move> exchange, List<Path> staged)
      throws IOException {
    Path beside = beside(target, STAGED);
    staged.add(beside);
    Backup.delete(beside);
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Path to = beside.resolve(from.relativize(each));
        if (Files.isDirectory(each)) {
          Files.createDirectories(to);
        } else {
          Files.copy(each, to);
        }
      }
    }
    exchange(beside, target, exchange);
  }

  private void exchange(Path beside, Path target, List<Move> exchange) throws IOException {
    boolean occupied = Files.isDirectory(target) ? !list(target).isEmpty() : Files.exists(target);
    if (occupied && !replace) {
      throw new IOException(
          target + " is there already; --replace keeps it as " + beside(target, BEFORE));
    }
    if (Files.exists(target)) {
      Path before = beside(target, BEFORE);
      if (Files.exists(before)) {
        throw new IOException(before + " is there from an earlier restore; remove it first");
      }
      exchange.add(new Move(target, before));
    }
    exchange.add(new Move(beside, target));
  }

  private void carryOut(List<Move> exchange) throws IOException {
    Deque<Move> done = new ArrayDeque<>();
    try {
      for (Move move : exchange) {
        renaming.rename(move.from(), move.to());
        done.push(move);
      }
    } catch (IOException e) {
      for (Move move : done) {
        Backup.move(move.to(), move.from());
      }
      throw e;
    }
  }

  private static Path beside(Path target, String ending) {
    return target.resolveSibling(target.getFileName() + ending);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }
}
