package dev.gearbox.format.model;

import dev.gearbox.format.gguf.GgufMetadata;

/** The families of transformers that differ in more than their numbers. */
public enum Architecture {
  /** Rotates neighbouring elements, as the weights of these files are permuted. */
  LLAMA("llama", false),
  /** Rotates the two halves of a head. */
  QWEN2("qwen2", true),
  /** Norms after each part, gelu, scaled embeddings, five windowed layers to a global one. */
  GEMMA3("gemma3", true);

  private final String key;
  private final boolean rotatesHalves;

  Architecture(String key, boolean rotatesHalves) {
    this.key = key;
    this.rotatesHalves = rotatesHalves;
  }

  static Architecture of(GgufMetadata metadata) {
    String name = metadata.getString("general.architecture");
    for (Architecture architecture : values()) {
      if (architecture.key.equals(name)) {
        return architecture;
      }
    }
    throw new UnsupportedModelException(
        "architecture \"" + name + "\" is not one of llama, qwen2, gemma3");
  }

  /** The prefix of its metadata keys, without the dot. */
  public String key() {
    return key;
  }

  /** Whether element i of a head turns with i + size/2 instead of its neighbour. */
  public boolean rotatesHalves() {
    return rotatesHalves;
  }
}
