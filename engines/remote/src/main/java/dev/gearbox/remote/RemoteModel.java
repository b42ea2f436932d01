package dev.gearbox.remote;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.remote.dialect.ServerSignals;
import dev.gearbox.runtime.PromptEncoder;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a server's model: its size, and its tokenizer where that is here. Without one
 * the length of a prompt is guessed from its bytes, and the server gets the client's words.
 *
 * @param encoder tokenizer and template of the variant; null where they are not here
 * @param asTokens whether prompts are sent as token ids
 * @param continues whether a last message of the assistant's is gone on with
 */
record RemoteModel(
    EngineCapabilities capabilities,
    @Nullable PromptEncoder encoder,
    boolean asTokens,
    boolean continues) {
  /** Bytes of a token of prose; English has about four, other languages fewer characters. */
  private static final int BYTES_PER_TOKEN = 4;

  /** What a chat template adds to a message. */
  private static final int TOKENS_PER_MESSAGE = 8;

  /** KV memory of a server that tells its use but not its size. */
  private static final int SHARES = 1000;

  /** KV blocks as signals have them; 0 of 0 where nothing is known. */
  record Known(int blocksFree, int blocks) {}

  static RemoteModel of(
      RemoteSpec spec, int maxContext, @Nullable PromptEncoder encoder, boolean chats, int ids) {
    boolean asTokens = encoder != null && spec.dialect().takesTokens();
    Set<Feature> features = EnumSet.noneOf(Feature.class);
    if (!asTokens || chats) {
      features.add(Feature.CHAT);
    }
    if (spec.dialect().logprobs()) {
      features.add(Feature.LOGPROBS);
      if (encoder != null) {
        features.add(Feature.LOGIT_BIAS);
      }
    }
    return new RemoteModel(
        new EngineCapabilities(
            spec.engine(),
            spec.variant(),
            spec.device(),
            spec.variant() + "@" + spec.dialect().word(),
            maxContext,
            encoder == null ? Integer.MAX_VALUE : ids,
            features),
        encoder,
        asTokens,
        spec.dialect().continues());
  }

  Encoding encode(Prompt prompt) {
    boolean begun = prompt instanceof Prompt.Begun;
    Prompt asked = prompt instanceof Prompt.Begun(Prompt of, var answer, var ids) ? of : prompt;
    if (asked instanceof Prompt.Tokens && !asTokens) {
      return new Encoding.Rejected("the server of this model takes text, not token ids");
    }
    if (begun && asked instanceof Prompt.Chat && !asTokens && !continues) {
      return new Encoding.Rejected("the server cannot go on with an answer that was begun");
    }
    if (encoder != null) {
      Encoding encoded = encoder.encode(prompt);
      // The server has a template of its own.
      if (asTokens || encoded instanceof Encoding.Encoded) {
        return encoded;
      }
    }
    long tokens = 1 + bytes(prompt) / BYTES_PER_TOKEN;
    return new Encoding.Encoded(TokenIds.of(new int[(int) Math.min(tokens, 1 << 24)]));
  }

  private static long bytes(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text) -> text.length();
      case Prompt.Tokens(TokenIds ids) -> ids.size();
      case Prompt.Chat chat -> bytes(chat);
      case Prompt.Begun(Prompt of, String answer, TokenIds tokens) -> bytes(of) + answer.length();
    };
  }

  private static long bytes(Prompt.Chat chat) {
    long bytes = chat.toolsJson() == null ? 0 : chat.toolsJson().length();
    for (Prompt.Message message : chat.messages()) {
      bytes += (long) TOKENS_PER_MESSAGE * BYTES_PER_TOKEN;
      bytes += message.content() == null ? 0 : message.content().length();
    }
    return bytes;
  }

  void check(GenerationRequest request) {
    if (request.adapter() != null) {
      throw new IllegalArgumentException("a server's adapters are variants of their own");
    }
    if (request.scores()) {
      throw new IllegalArgumentException("a server is not asked how likely an answer is");
    }
    if (!asTokens && request.source() == null) {
      throw new IllegalArgumentException("the server takes text, and the request has only tokens");
    }
    for (int i = 0; asTokens && i < request.prompt().size(); i++) {
      int id = request.prompt().get(i);
      if (id < 0 || id >= capabilities.vocabulary()) {
        throw new IllegalArgumentException(
            "token ids run from 0 to %d, got %d".formatted(capabilities.vocabulary() - 1, id));
      }
    }
  }

  String text(int id) {
    return encoder == null || id < 0 || id >= capabilities.vocabulary() ? "" : encoder.text(id);
  }

  Known known(ServerSignals signals) {
    if (Double.isNaN(signals.kvUsage())) {
      return new Known(0, 0);
    }
    int told = ServerSignals.whole(signals.blocks());
    int blocks = told == 0 ? SHARES : told;
    double free = 1 - Math.clamp(signals.kvUsage(), 0, 1);
    return new Known((int) Math.round(free * blocks), blocks);
  }
}
