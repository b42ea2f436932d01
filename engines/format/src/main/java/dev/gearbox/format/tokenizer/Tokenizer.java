package dev.gearbox.format.tokenizer;

import dev.gearbox.format.gguf.GgufFile;
import java.util.Optional;

/** Text to token ids and back, for one model. Thread-safe. */
public interface Tokenizer {
  /**
   * The tokenizer that a model's file describes.
   *
   * @throws dev.gearbox.format.gguf.GgufException when the description is incomplete, contradicts
   *     itself or is of an unsupported kind
   */
  static Tokenizer of(GgufFile file) {
    return VocabularyTokenizer.of(file.metadata());
  }

  /**
   * In what the vocabularies of two models differ; empty where each id stands for the same text in
   * both, so that the one can read what the other writes.
   */
  static Optional<String> difference(GgufFile one, GgufFile other) {
    return Vocabulary.difference(one.metadata(), other.metadata());
  }

  /**
   * The ids of a text; no BOS is added.
   *
   * @param parseSpecial whether control tokens written out in the text become those tokens; only
   *     for text that the operator or a template wrote
   */
  int[] encode(String text, boolean parseSpecial);

  /**
   * The ids of a text whose client-written parts went through {@link #guard}: control tokens are
   * parsed, but for the guarded ones, which encode as plain text.
   */
  int[] encodeGuarded(String text);

  /**
   * Breaks every control token that is written out in a text, or could be completed by what follows
   * it, with the mark {@link ControlGuard#MARK}; marks already in the text are removed first.
   */
  String guard(String text);

  /** Number of ids; valid ids are 0 to this, exclusive. */
  int vocabularySize();

  /** The token that begins a text, or −1. */
  int bos();

  /** The token that ends a text, or −1. */
  int eos();

  /** Whether the model expects BOS before a raw prompt. */
  boolean addBos();

  /** Whether generation ends with this token. */
  boolean isEndOfGeneration(int id);

  /** Whether it is a control token, which is never part of the text. */
  boolean isControl(int id);

  /**
   * The bytes a token stands for, its name in UTF-8 for a control token; possibly not whole
   * characters.
   */
  byte[] bytes(int id);

  /** A detokenizer for one stream. */
  Detokenizer detokenizer();
}
