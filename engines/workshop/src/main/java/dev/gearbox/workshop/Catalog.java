package dev.gearbox.workshop;

import dev.gearbox.workshop.settings.DidYouMean;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import dev.gearbox.workshop.settings.Setting;
import dev.gearbox.workshop.settings.SettingsReader;
import dev.gearbox.workshop.settings.SettingsReader.Text;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The variants that can be had: those built in, and those of the operator's files. Immutable. */
public final class Catalog {
  private static final String RESOURCE = "catalog.yaml";
  private static final String TEXTS = "corpora.yaml";

  private final Map<String, CatalogEntry> entries;

  /** Layout of a catalog file, under the key {@code catalog}. */
  record Listing(@Setting("Variants that can be had") List<CatalogEntry> variants) {}

  private Catalog(Map<String, CatalogEntry> entries) {
    this.entries = entries;
  }

  /** What comes with Gearbox. */
  public static Catalog builtIn() {
    return builtIn(RESOURCE);
  }

  /** The texts that come from packages, of which a {@link Corpus} is made. */
  static Catalog texts() {
    return builtIn(TEXTS);
  }

  private static Catalog builtIn(String resource) {
    try {
      return read(List.of(text(resource)));
    } catch (InvalidSettingsException e) {
      throw new IllegalStateException("the built-in " + resource + " is broken", e);
    }
  }

  /**
   * The built-in catalog with the entries of {@code files} added; an entry of a later file replaces
   * one of the same name.
   *
   * @throws InvalidSettingsException listing every problem of every file
   * @throws IOException when a file cannot be read
   */
  public static Catalog load(List<Path> files) throws IOException, InvalidSettingsException {
    List<Text> texts = new ArrayList<>(List.of(text(RESOURCE)));
    for (Path file : files) {
      texts.add(new Text(file.toString(), Files.readString(file)));
    }
    return read(texts);
  }

  private static Catalog read(List<Text> texts) throws InvalidSettingsException {
    SettingsReader reader = new SettingsReader();
    Map<String, CatalogEntry> all = new LinkedHashMap<>();
    for (Text text : texts) {
      Listing listing = reader.read(Listing.class, "catalog", List.of(text), Map.of());
      if (listing != null) {
        addAll(listing, reader, all);
      }
    }
    reader.finish();
    return new Catalog(all);
  }

  private static void addAll(
      Listing listing, SettingsReader reader, Map<String, CatalogEntry> all) {
    Map<String, CatalogEntry> mine = new LinkedHashMap<>();
    for (CatalogEntry entry : listing.variants()) {
      if (mine.put(entry.name(), entry) != null) {
        reader.problem(entry, "name", "'" + entry.name() + "' is in this file twice");
      }
      for (int i = 0; i < entry.sources().size(); i++) {
        try {
          Source.parse(entry.sources().get(i));
        } catch (IllegalArgumentException e) {
          reader.problem(entry, "sources[" + i + "]", String.valueOf(e.getMessage()));
        }
      }
      if (entry.sources().isEmpty()) {
        reader.problem(entry, "sources", "needs at least one source");
      }
    }
    all.putAll(mine);
  }

  private static Text text(String resource) {
    try (InputStream in = Catalog.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not on the class path");
      }
      return new Text(resource, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** This catalog with one more entry, which replaces one of the same name. */
  public Catalog with(CatalogEntry entry) {
    Map<String, CatalogEntry> more = new LinkedHashMap<>(entries);
    more.put(entry.name(), entry);
    return new Catalog(more);
  }

  /** In the order of the files. */
  public Collection<CatalogEntry> entries() {
    return List.copyOf(entries.values());
  }

  public List<String> names() {
    return List.copyOf(entries.keySet());
  }

  public Optional<CatalogEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /**
   * The variant of that name, or the only one whose name begins so.
   *
   * @throws IllegalArgumentException when there is none, or more than one
   */
  public CatalogEntry choose(String beginning) {
    CatalogEntry exact = entries.get(beginning);
    if (exact != null) {
      return exact;
    }
    List<CatalogEntry> matches =
        entries.values().stream().filter(e -> e.name().startsWith(beginning)).toList();
    if (matches.size() == 1) {
      return matches.getFirst();
    }
    if (matches.isEmpty()) {
      throw new IllegalArgumentException(
          "no variant '" + beginning + "'" + DidYouMean.hint(beginning, entries.keySet()));
    }
    throw new IllegalArgumentException(
        "'"
            + beginning
            + "' could be "
            + String.join(" or ", matches.stream().map(CatalogEntry::name).toList())
            + ": write more of the name");
  }
}
