package dev.gearbox.workshop;

import dev.gearbox.workshop.settings.DidYouMean;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A text that variants are measured on: a short one of our own that is always here, or prose, code
 * and dialogue of 100 KB and more each, which are fetched from packages as weights are. Immutable.
 *
 * @param name as in {@link #names()}
 * @param parts what it is joined of; empty for our own
 */
public record Corpus(String name, List<CatalogEntry> parts) {
  /** Our own text. */
  public static final Corpus OWN = new Corpus("own", List.of());

  /** All texts that are fetched, one after another. */
  public static final Corpus ALL = new Corpus("all", List.copyOf(Catalog.texts().entries()));

  /** Where the file of a text is, fetched when it has to be. */
  @FunctionalInterface
  public interface Store {
    Path fetch(CatalogEntry text) throws FetchException, InterruptedException;
  }

  public Corpus {
    parts = List.copyOf(parts);
  }

  /** What {@link #named} takes. */
  public static List<String> names() {
    List<String> names = new ArrayList<>(List.of(OWN.name, ALL.name));
    names.addAll(Catalog.texts().names());
    return names;
  }

  /**
   * The corpus of a name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static Corpus named(String name) {
    if (name.equals(OWN.name)) {
      return OWN;
    }
    if (name.equals(ALL.name)) {
      return ALL;
    }
    CatalogEntry text =
        Catalog.texts()
            .find(name)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "no corpus '" + name + "'" + DidYouMean.hint(name, names())));
    return new Corpus(name, List.of(text));
  }

  /**
   * The text.
   *
   * @throws FetchException when a part cannot be had
   */
  public String text(Store store) throws IOException, FetchException, InterruptedException {
    if (parts.isEmpty()) {
      return own();
    }
    StringBuilder joined = new StringBuilder();
    for (CatalogEntry part : parts) {
      joined.append(Files.readString(store.fetch(part)));
    }
    return joined.toString();
  }

  /**
   * SHA-256 that tells it from every other, in hexadecimal: of the text, or of the checksums of its
   * parts where there are more; known before they are fetched.
   */
  public String sha256() {
    return parts.size() == 1
        ? parts.getFirst().sha256()
        : sha256(
            parts.isEmpty()
                ? own()
                : parts.stream().map(CatalogEntry::sha256).collect(Collectors.joining("\n")));
  }

  /** Our own text, for which no store is needed. */
  public static String own() {
    try (InputStream in = Corpus.class.getResourceAsStream("eval/corpus.txt")) {
      if (in == null) {
        throw new IllegalStateException("eval/corpus.txt is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
