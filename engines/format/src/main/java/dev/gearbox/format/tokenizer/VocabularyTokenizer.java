package dev.gearbox.format.tokenizer;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A tokenizer over a vocabulary: special tokens first, the text between them to the encoder. */
final class VocabularyTokenizer implements Tokenizer {
  private final Vocabulary vocabulary;
  private final FragmentEncoder encoder;
  private final SpecialTokens withControls;
  private final SpecialTokens withoutControls;
  private final ControlGuard controlGuard;
  private final int bos;
  private final int eos;
  private final boolean addBos;

  private VocabularyTokenizer(
      Vocabulary vocabulary, FragmentEncoder encoder, int bos, int eos, boolean addBos) {
    this.vocabulary = vocabulary;
    this.encoder = encoder;
    this.bos = bos;
    this.eos = eos;
    this.addBos = addBos;
    TokenTrie all = new TokenTrie();
    TokenTrie controls = new TokenTrie();
    TokenTrie userDefined = new TokenTrie();
    for (int id = 0; id < vocabulary.size(); id++) {
      String text = vocabulary.text(id);
      if (vocabulary.isControl(id)) {
        all.add(text, id);
        controls.add(text, id);
      } else if (vocabulary.isUserDefined(id)) {
        all.add(text, id);
        userDefined.add(text, id);
      }
    }
    this.withControls = new SpecialTokens(all);
    this.withoutControls = new SpecialTokens(userDefined);
    this.controlGuard = new ControlGuard(controls);
  }

  static VocabularyTokenizer of(GgufMetadata metadata) {
    String model = metadata.getString("tokenizer.ggml.model");
    return switch (model) {
      case "gpt2" -> bytePair(metadata);
      case "llama" -> sentencePiece(metadata);
      default ->
          throw new GgufException(
              GgufException.Code.BAD_VALUE,
              "tokenizer.ggml.model is %s; supported are gpt2 and llama".formatted(model));
    };
  }

  private static VocabularyTokenizer bytePair(GgufMetadata metadata) {
    Vocabulary vocabulary = new Vocabulary(metadata);
    PreTokenizer words = PreTokenizer.of(metadata.getString("tokenizer.ggml.pre"));
    return create(
        metadata,
        vocabulary,
        new BytePairEncoder(vocabulary, words, metadata.getStrings("tokenizer.ggml.merges")),
        words == PreTokenizer.LLAMA_BPE);
  }

  private static VocabularyTokenizer sentencePiece(GgufMetadata metadata) {
    Vocabulary vocabulary = new Vocabulary(metadata);
    boolean spacePrefix = metadata.getBool("tokenizer.ggml.add_space_prefix", true);
    return create(metadata, vocabulary, new SentencePieceEncoder(vocabulary, spacePrefix), true);
  }

  private static VocabularyTokenizer create(
      GgufMetadata metadata, Vocabulary vocabulary, FragmentEncoder encoder, boolean addBos) {
    int bos = vocabulary.specialId(metadata, "tokenizer.ggml.bos_token_id", -1);
    int eos = vocabulary.specialId(metadata, "tokenizer.ggml.eos_token_id", -1);
    boolean add = metadata.getBool("tokenizer.ggml.add_bos_token", addBos);
    return new VocabularyTokenizer(vocabulary, encoder, bos, eos, add && bos >= 0);
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    return encode(text, parseSpecial ? withControls : withoutControls, false);
  }

  @Override
  public int[] encodeGuarded(String text) {
    return encode(text, withControls, true);
  }

  private int[] encode(String text, SpecialTokens special, boolean guarded) {
    TokenIdBuffer out = new TokenIdBuffer();
    SpecialTokens.Found found = special.find(text);
    int from = 0;
    while (from < text.length()) {
      int start = found.nextStart(from);
      int to = start < 0 ? text.length() : start;
      if (to > from) {
        String plain = text.substring(from, to);
        // Every stretch of plain text is the first or follows a special token.
        encoder.encode(guarded ? ControlGuard.strip(plain) : plain, out);
      }
      if (start < 0) {
        break;
      }
      from = found.end(start);
      out.add(special.idOf(text, start, from));
    }
    return out.toArray();
  }

  @Override
  public String guard(String text) {
    return controlGuard.guard(text);
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public int bos() {
    return bos;
  }

  @Override
  public int eos() {
    return eos;
  }

  @Override
  public boolean addBos() {
    return addBos;
  }

  @Override
  public boolean isEndOfGeneration(int id) {
    return vocabulary.isEnd(id);
  }

  @Override
  public boolean isControl(int id) {
    return vocabulary.isControl(id);
  }

  @Override
  public byte[] bytes(int id) {
    Objects.checkIndex(id, vocabulary.size());
    boolean written = vocabulary.isControl(id) || vocabulary.isUserDefined(id);
    return written ? vocabulary.text(id).getBytes(StandardCharsets.UTF_8) : encoder.bytes(id);
  }

  @Override
  public Detokenizer detokenizer() {
    return new Detokenizer(this);
  }
}
