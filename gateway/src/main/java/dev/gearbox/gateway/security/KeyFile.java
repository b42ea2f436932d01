package dev.gearbox.gateway.security;

import dev.gearbox.gateway.watch.FileWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys of tenants in a file of their own, which may change while requests run. Each line is {@code
 * TENANT sha256:HASH}; what follows is a remark, and lines that begin with {@code #} are too.
 */
public final class KeyFile {
  private static final Logger LOG = LoggerFactory.getLogger(KeyFile.class);

  private final Path file;
  private final Gatekeeper gatekeeper;
  private final AuditLog audit;
  private Map<String, List<KeyHash>> known = Map.of();

  private KeyFile(Path file, Gatekeeper gatekeeper, AuditLog audit) {
    this.file = file;
    this.gatekeeper = gatekeeper;
    this.audit = audit;
  }

  /**
   * Tells the gatekeeper what is in the file, from here on.
   *
   * @throws IOException when it cannot be read, or a line is wrong
   */
  public static void open(Path file, Gatekeeper gatekeeper, AuditLog audit, FileWatch watch)
      throws IOException {
    KeyFile keys = new KeyFile(file, gatekeeper, audit);
    keys.take();
    watch.watch(List.of(file), keys::again);
  }

  private void take() throws IOException {
    Map<String, List<KeyHash>> read = read(file, gatekeeper.tenants());
    gatekeeper.alsoKnow(read);
    known = read;
  }

  /** A file that is wrong changes nothing: who had a key keeps it until the file is right. */
  private void again() {
    Set<String> before = shown(known);
    try {
      take();
    } catch (IOException e) {
      LOG.warn("event=keys_kept reason=\"{}\"", e.getMessage());
      audit.changed("keys", "file", "refused", Map.of("why", String.valueOf(e.getMessage())));
      return;
    }
    Set<String> after = shown(known);
    String added = missing(after, before);
    String removed = missing(before, after);
    LOG.info("event=keys_changed added=\"{}\" removed=\"{}\"", added, removed);
    audit.changed("keys", "file", "done", Map.of("added", added, "removed", removed));
  }

  private static String missing(Set<String> these, Set<String> those) {
    return these.stream().filter(each -> !those.contains(each)).collect(Collectors.joining(" "));
  }

  private static Set<String> shown(Map<String, List<KeyHash>> keys) {
    Set<String> all = new TreeSet<>();
    keys.forEach((tenant, each) -> each.forEach(hash -> all.add(tenant + ":" + hash.shown())));
    return all;
  }

  /**
   * The keys by tenant.
   *
   * @throws IOException when it cannot be read, or a line is wrong; then nothing of it counts
   */
  static Map<String, List<KeyHash>> read(Path file, Collection<String> tenants) throws IOException {
    Map<String, List<KeyHash>> keys = new LinkedHashMap<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new IOException("cannot read security.keys-file " + file, e);
    }
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String[] words = line.split("\\s+", 3);
      if (words.length < 2) {
        throw wrong(file, i, "expected TENANT sha256:HASH");
      }
      if (!tenants.contains(words[0])) {
        // Not the word itself: it may be a key that got into the wrong place.
        throw wrong(file, i, "no such tenant is configured");
      }
      try {
        keys.computeIfAbsent(words[0], tenant -> new ArrayList<>()).add(KeyHash.parse(words[1]));
      } catch (IllegalArgumentException e) {
        throw wrong(file, i, String.valueOf(e.getMessage()));
      }
    }
    return keys;
  }

  private static IOException wrong(Path file, int line, String why) {
    return new IOException("%s line %d: %s".formatted(file, line + 1, why));
  }
}
