package dev.gearbox.workshop;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What variants were measured to be worth, by the SHA-256 of their weights. Comes with the figures
 * of the built-in variants; those measured on this machine lie in {@code quality.json} beside the
 * weights and go first. Written by {@code gearbox eval --record} and by nobody's hand. What was
 * measured on another corpus than this program's, by another program, or in other windows, is stale
 * and counts as unknown.
 */
public final class QualityLedger {
  private static final LedgerFile<Ledger> FILE =
      new LedgerFile<>("quality.json", Ledger.class, "gearbox eval --record");

  /** Those that quality is read from, first what says most. */
  private static final List<Corpus> COUNTED = List.of(Corpus.ALL, Corpus.OWN);

  /** By the SHA-256 of weights, then by the name of a corpus. */
  private final Map<String, Map<String, Entry>> entries;

  /** Tokens in a window of measurements that are compared. */
  public static final int CONTEXT = 512;

  /**
   * One measurement on the evaluation corpus.
   *
   * @param variant its name, for readers
   * @param corpus SHA-256 of the text
   * @param program SHA-256 of what computed; null for the program that the figures come with
   * @param context tokens in a window
   */
  public record Entry(
      String variant,
      String corpus,
      @Nullable String program,
      int context,
      int tokens,
      int scoredTokens,
      double perplexity,
      double bitsPerByte) {}

  /** Layout of the file: measurements by weights, and by the name of their corpus. */
  record Ledger(Map<String, Map<String, Entry>> weights) {}

  private QualityLedger(Map<String, Map<String, Entry>> entries) {
    this.entries = entries;
  }

  /** Whether quality is read from measurements on it. */
  public static boolean counts(Corpus corpus) {
    return COUNTED.contains(corpus);
  }

  /**
   * The figures that come with Gearbox, and over them those beside the weights.
   *
   * @throws IOException when the file there cannot be read
   */
  public static QualityLedger load(Path folder) throws IOException {
    Map<String, Map<String, Entry>> all = new TreeMap<>(builtIn());
    local(folder)
        .forEach((sha256, measured) -> {
          Map<String, Entry> both = new TreeMap<>(all.getOrDefault(sha256, Map.of()));
          COUNTED.forEach(corpus -> {
            Entry entry = measured.get(corpus.name());
            if (entry != null && isOfThisProgram(entry, corpus)) {
              both.put(corpus.name(), entry);
            }
          });
          all.put(sha256, both);
        });
    return new QualityLedger(all);
  }

  private static boolean isOfThisProgram(Entry entry, Corpus corpus) {
    return entry.context() == CONTEXT
        && entry.corpus().equals(corpus.sha256())
        && Program.sha256().equals(entry.program());
  }

  private static Map<String, Map<String, Entry>> builtIn() {
    try (InputStream in = QualityLedger.class.getResourceAsStream(FILE.name())) {
      return in == null
          ? Map.of()
          : FILE.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)).weights();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Map<String, Entry>> local(Path folder) throws IOException {
    return FILE.read(folder, new Ledger(Map.of())).weights();
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

  /** Of the bits per byte of both, on the first corpus that both were measured on. */
  private OptionalDouble compare(
      String referenceSha256, String variantSha256, DoubleBinaryOperator how) {
    Map<String, Entry> references = entries.getOrDefault(referenceSha256, Map.of());
    Map<String, Entry> variants = entries.getOrDefault(variantSha256, Map.of());
    for (Corpus corpus : COUNTED) {
      Entry reference = references.get(corpus.name());
      Entry variant = variants.get(corpus.name());
      if (reference != null && variant != null) {
        return OptionalDouble.of(how.applyAsDouble(reference.bitsPerByte(), variant.bitsPerByte()));
      }
    }
    return OptionalDouble.empty();
  }

  /**
   * Writes what this program measured into the file beside the weights.
   *
   * @param sha256 of the weights
   */
  public static void record(
      Path folder, String sha256, String variant, Corpus corpus, Evaluator.Result result)
      throws IOException {
    Entry entry =
        new Entry(
            variant,
            corpus.sha256(),
            Program.sha256(),
            CONTEXT,
            result.tokens(),
            result.scoredTokens(),
            result.perplexity(),
            result.bitsPerByte());
    Map<String, Map<String, Entry>> all = new TreeMap<>(local(folder));
    all.computeIfAbsent(sha256, any -> new TreeMap<>()).put(corpus.name(), entry);
    FILE.write(folder, new Ledger(all));
  }
}
