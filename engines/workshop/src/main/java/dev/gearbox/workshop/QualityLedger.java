package dev.gearbox.workshop;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What variants were measured to be worth, by the SHA-256 of their weights. Comes with the figures
 * of the built-in variants; those measured on this machine lie in {@code quality.json} beside the
 * weights and go first. Written by {@code gearbox eval --record} and by nobody's hand. What was
 * measured on another corpus than this program's, or read by another protocol, is stale and counts
 * as unknown.
 */
public final class QualityLedger {
  private static final String NAME = "quality.json";
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Map<String, Entry> entries;

  /** Tokens in a window of measurements that are compared. */
  public static final int CONTEXT = 512;

  /**
   * One measurement on the evaluation corpus.
   *
   * @param variant its name, for readers
   * @param corpus SHA-256 of the text
   * @param context tokens in a window
   */
  public record Entry(
      String variant,
      String corpus,
      int context,
      int tokens,
      int scoredTokens,
      double perplexity,
      double bitsPerByte) {}

  /** Layout of the file. */
  record Ledger(Map<String, Entry> weights) {}

  private QualityLedger(Map<String, Entry> entries) {
    this.entries = entries;
  }

  /**
   * The figures that come with Gearbox, and over them those beside the weights.
   *
   * @throws IOException when the file there cannot be read
   */
  public static QualityLedger load(Path folder) throws IOException {
    Map<String, Entry> all = new TreeMap<>(builtIn());
    Map<String, Entry> fresh = new TreeMap<>(local(folder));
    if (fresh.isEmpty()) {
      return new QualityLedger(all);
    }
    String corpus = corpusSha256();
    fresh.values().removeIf(e -> !e.corpus().equals(corpus) || e.context() != CONTEXT);
    all.putAll(fresh);
    return new QualityLedger(all);
  }

  private static Map<String, Entry> builtIn() {
    try (InputStream in = QualityLedger.class.getResourceAsStream(NAME)) {
      return in == null ? Map.of() : MAPPER.readValue(in.readAllBytes(), Ledger.class).weights();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Entry> local(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      return Map.of();
    }
    try {
      return MAPPER.readValue(Files.readString(file), Ledger.class).weights();
    } catch (JacksonException e) {
      throw new IOException(
          file
              + " is broken: "
              + e.getOriginalMessage()
              + "; delete it and run gearbox eval --record",
          e);
    }
  }

  /** The evaluation corpus. */
  public static String corpus() {
    try (InputStream in = QualityLedger.class.getResourceAsStream("eval/corpus.txt")) {
      if (in == null) {
        throw new IllegalStateException("eval/corpus.txt is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SHA-256 of the evaluation corpus, in hexadecimal. */
  public static String corpusSha256() {
    try {
      byte[] bytes = corpus().getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Bits per byte of the reference over those of the variant, on the same text; empty when either
   * was not measured.
   */
  public OptionalDouble quality(String referenceSha256, String variantSha256) {
    return referenceSha256.equals(variantSha256)
        ? OptionalDouble.of(1.0)
        : compare(referenceSha256, variantSha256, (reference, variant) -> reference / variant);
  }

  /**
   * Nats per byte by which the variant finds the corpus less likely than the reference does; empty
   * when either was not measured.
   */
  public OptionalDouble gap(String referenceSha256, String variantSha256) {
    return compare(
        referenceSha256,
        variantSha256,
        (reference, variant) -> Math.log(2) * (variant - reference));
  }

  /** Of the bits per byte of both, on the same text. */
  private OptionalDouble compare(
      String referenceSha256, String variantSha256, DoubleBinaryOperator how) {
    Entry reference = entries.get(referenceSha256);
    Entry variant = entries.get(variantSha256);
    return reference == null || variant == null || !reference.corpus().equals(variant.corpus())
        ? OptionalDouble.empty()
        : OptionalDouble.of(how.applyAsDouble(reference.bitsPerByte(), variant.bitsPerByte()));
  }

  /** Writes a measurement into the file beside the weights. */
  public static void record(Path folder, String sha256, Entry entry) throws IOException {
    Map<String, Entry> all = new TreeMap<>(local(folder));
    all.put(sha256, entry);
    Path written = Files.createTempFile(folder, ".quality", ".json");
    Files.writeString(written, MAPPER.writeValueAsString(new Ledger(all)) + "\n");
    Files.move(written, folder.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
  }
}
