package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.TokenIds;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The prompts of one request in the tokens of every engine that can take them.
 *
 * @param candidates engines that have room for them
 * @param tokens prompts in tokens, by encoder
 */
public record EncodedPrompts(List<EngineSlot> candidates, Map<String, List<TokenIds>> tokens) {
  public EncodedPrompts {
    candidates = List.copyOf(candidates);
    tokens = Map.copyOf(tokens);
  }

  /** The candidate with that engine id; null when it is none. */
  public @Nullable EngineSlot candidate(String engine) {
    for (EngineSlot slot : candidates) {
      if (slot.id().equals(engine)) {
        return slot;
      }
    }
    return null;
  }

  public List<TokenIds> of(EngineSlot slot) {
    List<TokenIds> prompts = tokens.get(slot.encoder());
    if (prompts == null) {
      throw new IllegalArgumentException(slot.id() + " did not encode the prompt");
    }
    return prompts;
  }

  /** Tokens of all prompts together, by variant. */
  public Map<String, Integer> counts() {
    Map<String, Integer> counts = new HashMap<>();
    for (EngineSlot slot : candidates) {
      counts.put(slot.variant().name(), of(slot).stream().mapToInt(TokenIds::size).sum());
    }
    return counts;
  }

  /** Tokens that the context of an engine leaves for the answer to its longest prompt. */
  static int room(EngineSlot slot, List<TokenIds> prompts) {
    int longest = prompts.stream().mapToInt(TokenIds::size).max().orElse(0);
    return slot.running().capabilities().maxContext() - longest;
  }

  /** The most that any candidate's context leaves. */
  public int room() {
    return candidates.stream().mapToInt(slot -> room(slot, of(slot))).max().orElse(0);
  }
}
