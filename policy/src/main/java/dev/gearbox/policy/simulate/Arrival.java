package dev.gearbox.policy.simulate;

import dev.gearbox.policy.fact.ServiceClass;
import java.util.List;

/**
 * A request to come.
 *
 * @param number ascends from 0
 * @param nanos after the start
 * @param serviceClass its class
 * @param promptTokens length of the prompt, at least 1
 * @param outputTokens length that the answer will have, at least 1; no arm sees it
 * @param blocks names of the prompt's stretches of {@link Trace#BLOCK_TOKENS} tokens: equal names
 *     are equal text; empty for a prompt like no other
 */
public record Arrival(
    int number,
    long nanos,
    ServiceClass serviceClass,
    int promptTokens,
    int outputTokens,
    List<Long> blocks) {
  public Arrival {
    blocks = List.copyOf(blocks);
  }
}
