package dev.gearbox.cpu.model;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What a token sees of those before it. All but {@link Full} leave something out and so change
 * answers; what they cost in quality, {@code gearbox eval --attention} measures. What a token sees
 * depends on its own sequence and position alone, so that it is the same in prefill and in decode
 * and whatever else a step carries. Layers that see a window by their training keep it.
 */
public sealed interface AttentionSpec {
  /** Tokens always seen by {@link Window} where nobody says otherwise. */
  int SINKS = 4;

  /** Tokens seen by {@link Window} where nobody says otherwise. */
  int WINDOW = 1024;

  /** Blocks seen by {@link TopBlocks} where nobody says otherwise. */
  int BLOCKS = 64;

  /** Everything. */
  record Full() implements AttentionSpec {
    @Override
    public String toString() {
      return "full";
    }
  }

  /**
   * The first tokens and the last ones (StreamingLLM: Xiao et al., 2023), at the positions that
   * they have.
   *
   * @param sinks first tokens
   * @param window last tokens, the one that looks included
   */
  record Window(int sinks, int window) implements AttentionSpec {
    public Window {
      within("sinks", sinks, 0, 1 << 16);
      within("window", window, 16, 1 << 28);
    }

    @Override
    public String toString() {
      return "window:" + window + ",sinks:" + sinks;
    }
  }

  /**
   * The first block, the last four, and those whose keys promise the largest scores to the query
   * heads that share them (Quest: Tang et al., 2024).
   *
   * @param blocks of 16 tokens in all
   */
  record TopBlocks(int blocks) implements AttentionSpec {
    public TopBlocks {
      within("blocks", blocks, 8, 1 << 24);
    }

    @Override
    public String toString() {
      return "top-blocks:" + blocks;
    }
  }

  /**
   * Reads what {@link Object#toString} writes: {@code full}, {@code window:1024,sinks:4} or {@code
   * top-blocks:64}; numbers may be left out.
   *
   * @throws IllegalArgumentException saying what was expected and what came
   */
  static AttentionSpec parse(String text) {
    Map<String, String> parts = new LinkedHashMap<>();
    for (String part : text.strip().toLowerCase(Locale.ROOT).split(",", -1)) {
      int colon = part.indexOf(':');
      String key = colon < 0 ? part : part.substring(0, colon);
      if (parts.put(key, colon < 0 ? "" : part.substring(colon + 1)) != null) {
        throw malformed(text);
      }
    }
    Set<String> keys = parts.keySet();
    if (keys.equals(Set.of("full")) && text.indexOf(':') < 0) {
      return new Full();
    }
    if (keys.equals(Set.of("window")) || keys.equals(Set.of("window", "sinks"))) {
      return new Window(
          number(text, parts.getOrDefault("sinks", ""), SINKS),
          number(text, parts.getOrDefault("window", ""), WINDOW));
    }
    if (keys.equals(Set.of("top-blocks"))) {
      return new TopBlocks(number(text, parts.getOrDefault("top-blocks", ""), BLOCKS));
    }
    throw malformed(text);
  }

  private static int number(String text, String number, int byDefault) {
    try {
      return number.isEmpty() ? byDefault : Integer.parseInt(number);
    } catch (NumberFormatException e) {
      throw malformed(text);
    }
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException(
        "expected full, window:TOKENS,sinks:TOKENS or top-blocks:BLOCKS, got '" + text + "'");
  }

  private static void within(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s of attention must be %d to %d, got %d".formatted(what, least, most, value));
    }
  }
}
