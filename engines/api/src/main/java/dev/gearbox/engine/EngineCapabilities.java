package dev.gearbox.engine;

import java.util.Set;

/**
 * What an engine runs and what it can do.
 *
 * @param engine id, as in its signals
 * @param variant name of the variant
 * @param device id of its device
 * @param fingerprint variant and build, for {@code system_fingerprint}
 * @param maxContext tokens of prompt and answer together that one sequence may have
 * @param vocabulary number of token ids; ids run from 0 to this less one
 * @param features what requests may ask for beyond plain text
 */
public record EngineCapabilities(
    String engine,
    String variant,
    String device,
    String fingerprint,
    int maxContext,
    int vocabulary,
    Set<Feature> features) {
  public EngineCapabilities {
    features = Set.copyOf(features);
  }

  /**
   * An ability that some engines lack and that narrows the candidates of a request that needs it.
   */
  public enum Feature {
    /** A chat template, so that messages can be answered. */
    CHAT,
    LOGPROBS,
    LOGIT_BIAS,
    TOOLS,
    JSON_OBJECT,
    JSON_SCHEMA,
    VISION,
    EMBEDDINGS,
    ECHO,
    SUFFIX
  }
}
