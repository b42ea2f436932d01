package dev.gearbox.format.template;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Prompts to token ids: conversations by the model's chat template, in which nothing that a client
 * wrote becomes a control token, and raw texts. Thread-safe.
 */
public final class PromptCodec {
  private final Tokenizer tokenizer;
  private final @Nullable ChatTemplate template;

  /** A codec of a tokenizer and, where the model has one, its template. */
  public PromptCodec(Tokenizer tokenizer, Optional<ChatTemplate> template) {
    this.tokenizer = tokenizer;
    this.template = template.orElse(null);
  }

  /** The codec of a model's file. */
  public static PromptCodec of(GgufFile file) {
    return new PromptCodec(Tokenizer.of(file), ChatTemplate.of(file));
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Whether the model has a chat template. */
  public boolean chats() {
    return template != null;
  }

  /**
   * The ids of a conversation, with one BOS first where the model expects it. Every text in the
   * messages and tools is taken as the client's.
   *
   * @throws TemplateException when the model has no template, or its template refuses or fails
   */
  public int[] encodeChat(
      List<? extends Map<String, ? extends @Nullable Object>> messages,
      @Nullable List<?> tools,
      boolean addGenerationPrompt) {
    if (template == null) {
      throw new TemplateException(TemplateException.Code.REFUSED, "the model has no chat template");
    }
    List<Map<String, @Nullable Object>> guarded = new ArrayList<>();
    for (Map<String, @Nullable Object> message : Conversation.prepared(messages)) {
      guarded.add(guarded(message));
    }
    List<@Nullable Object> guardedTools = tools == null ? null : guarded(tools);
    return withBos(
        tokenizer.encodeGuarded(
            template.renderPrepared(guarded, guardedTools, addGenerationPrompt)));
  }

  /**
   * The ids of a raw text, in which control tokens are parsed, with one BOS first where the model
   * expects it.
   */
  public int[] encodeText(String text) {
    return withBos(tokenizer.encode(text, true));
  }

  private int[] withBos(int[] ids) {
    if (!tokenizer.addBos() || (ids.length > 0 && ids[0] == tokenizer.bos())) {
      return ids;
    }
    int[] with = new int[ids.length + 1];
    with[0] = tokenizer.bos();
    System.arraycopy(ids, 0, with, 1, ids.length);
    return with;
  }

  private Map<String, @Nullable Object> guarded(Map<?, ? extends @Nullable Object> map) {
    Map<String, @Nullable Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
    map.forEach((key, value) -> copy.put(tokenizer.guard(String.valueOf(key)), guarded(value)));
    return copy;
  }

  private List<@Nullable Object> guarded(List<? extends @Nullable Object> list) {
    List<@Nullable Object> copy = new ArrayList<>(list.size());
    for (Object element : list) {
      copy.add(guarded(element));
    }
    return copy;
  }

  private @Nullable Object guarded(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case String text -> tokenizer.guard(text);
      case List<?> list -> guarded(list);
      case Map<?, ?> map -> guarded(map);
      default -> value;
    };
  }
}
