package dev.gearbox.gateway.config;

import dev.gearbox.cpu.model.AttentionSpec;
import dev.gearbox.workshop.settings.Setting;

/** What a token sees of those before it; all but {@code full} change answers. */
public record AttentionConfig(
    @Setting(
            value =
                "full, window (first and last tokens) or top-blocks (those whose keys fit best)",
            byDefault = "full")
        Kind kind,
    @Setting(value = "First tokens seen by window", byDefault = "4", min = 0, max = 65536)
        int sinks,
    @Setting(value = "Last tokens seen by window", byDefault = "1024", min = 16, max = 268435456)
        int window,
    @Setting(
            value = "Blocks of 16 tokens seen by top-blocks",
            byDefault = "64",
            min = 8,
            max = 16777216)
        int blocks) {

  /** What is seen. */
  public enum Kind {
    /** Everything. */
    FULL,
    /** The first tokens and the last. */
    WINDOW,
    /** The first block, the last few and those whose keys fit best. */
    TOP_BLOCKS
  }

  static AttentionConfig of(AttentionSpec spec) {
    int sinks = AttentionSpec.SINKS;
    int window = AttentionSpec.WINDOW;
    int blocks = AttentionSpec.BLOCKS;
    return switch (spec) {
      case AttentionSpec.Full() -> new AttentionConfig(Kind.FULL, sinks, window, blocks);
      case AttentionSpec.Window(int first, int last) ->
          new AttentionConfig(Kind.WINDOW, first, last, blocks);
      case AttentionSpec.TopBlocks(int most) ->
          new AttentionConfig(Kind.TOP_BLOCKS, sinks, window, most);
    };
  }

  AttentionSpec toSpec() {
    return switch (kind) {
      case FULL -> new AttentionSpec.Full();
      case WINDOW -> new AttentionSpec.Window(sinks, window);
      case TOP_BLOCKS -> new AttentionSpec.TopBlocks(blocks);
    };
  }
}
