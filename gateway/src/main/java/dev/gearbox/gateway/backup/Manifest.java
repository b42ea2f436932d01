package dev.gearbox.gateway.backup;

import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a backup consists of.
 *
 * @param format {@link #FORMAT}
 * @param made when, RFC 3339
 * @param files all but the manifest
 */
record Manifest(String format, String made, List<Entry> files) {
  /** The layout that this program writes and reads. */
  static final String FORMAT = "gearbox-backup-1";

  private static final String NAME = "manifest.json";
  private static final JsonMapper MAPPER = JsonMapper.shared();

  Manifest {
    files = List.copyOf(files);
  }

  /**
   * One file.
   *
   * @param path in the folder of the backup, with slashes
   * @param sha256 of its bytes, in hexadecimal
   */
  record Entry(String path, long size, String sha256) {
    static Entry of(Path folder, Path file) throws IOException {
      String path = folder.relativize(file).toString().replace('\\', '/');
      return new Entry(path, Files.size(file), WeightStore.sha256(file));
    }
  }

  /** Describes what lies in a folder, in it. */
  static Manifest write(Path folder, String made) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (Path file : files(folder)) {
      entries.add(Entry.of(folder, file));
    }
    Manifest manifest = new Manifest(FORMAT, made, entries);
    Files.write(
        folder.resolve(NAME), MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest));
    return manifest;
  }

  /**
   * Reads the manifest of a folder and holds every file against it.
   *
   * @throws IOException when it is no backup, of another format, or not whole, saying what is wrong
   */
  static Manifest verified(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      throw new IOException(folder + " is no backup: it has no " + NAME);
    }
    Manifest manifest;
    try {
      manifest = MAPPER.readValue(Files.readAllBytes(file), Manifest.class);
    } catch (JacksonException e) {
      throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
    }
    if (!FORMAT.equals(manifest.format())) {
      throw new IOException(
          "%s has the format '%s', and this program reads %s"
              .formatted(folder, manifest.format(), FORMAT));
    }
    List<String> faults = manifest.faults(folder);
    if (!faults.isEmpty()) {
      throw new IOException(folder + " is damaged: " + String.join("; ", faults));
    }
    return manifest;
  }

  private List<String> faults(Path folder) throws IOException {
    List<String> faults = new ArrayList<>();
    Set<Path> there = new HashSet<>(files(folder));
    there.remove(folder.resolve(NAME));
    for (Entry entry : files) {
      Path file = folder.resolve(entry.path()).normalize();
      if (!file.startsWith(folder) || !there.remove(file)) {
        faults.add(entry.path() + " is missing");
      } else if (!Entry.of(folder, file).equals(entry)) {
        faults.add(entry.path() + " is not what was written");
      }
    }
    there.forEach(file -> faults.add(folder.relativize(file) + " does not belong to it"));
    return faults;
  }

  /** Regular files under a folder; links are none. */
  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> !Files.isDirectory(file)).sorted().toList();
    }
  }
}
